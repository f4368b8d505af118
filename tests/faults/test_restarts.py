"""Instances are restarted in good order, one after the other, under load."""

import asyncio
from collections import Counter

import pytest

from tests.faults.armed import HEALTHY_S
from tests.faults.fleet import Fleet
from tests.faults.load import Load
from tests.faults.verdict import uphold, uphold_on_the_command_line

SPREAD_S = 60.0
GOING_DOWN = {"PEER_UNREACHABLE"}
"""What clients of an instance that closes its door may see; another one takes the request."""

pytestmark = pytest.mark.faults


async def test_no_command_fails_and_ownership_spreads_again(fleet: Fleet) -> None:
    await fleet.mended()
    # Nothing may fail, and so nobody gives up for being slow.
    async with Load(fleet, seed=1, call_s=HEALTHY_S / 2) as load:
        for instance in fleet.instances:
            await load.flows()
            await asyncio.to_thread(instance.process.stop)
            assert instance.process.exit_status == 0, instance.process.failure()
            await load.flows()
            await fleet.mended()
        await spread(fleet)
        await load.flows()
    await uphold(fleet, load.history)
    assert set(load.history.unavailable) <= GOING_DOWN


def test_the_log_is_clean_after_it(fleet: Fleet) -> None:
    uphold_on_the_command_line(fleet.settings)


async def spread(fleet: Fleet) -> None:
    """Until every instance owns a fair share, as the consumer group advises."""
    async with asyncio.timeout(SPREAD_S):
        while True:
            counts = Counter(instance.name for instance in (await fleet.all_owned()).values())
            fair = counts.total() // len(fleet.instances)
            if all(counts[instance.name] >= fair for instance in fleet.instances):
                return
            await asyncio.sleep(0.2)
