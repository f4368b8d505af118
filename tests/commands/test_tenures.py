"""Who owns which partition, as far as a process has read or learned."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from commands.tenures import Place, Tenures
from events.record import Barrier
from events.tenure import UNCLAIMED
from tests.commands.cast import NOON
from tests.commands.writer.records import CLAIM, RIVALS_CLAIM, TENURE, land
from tests.commands.writer.register import EPOCH
from tests.simulation.register import PARTITION
from tests.simulation.standalone import fair_log
from tests.simulation.world import SimulatedLog

SOON_S = 20.0
BARRIER = Barrier(EPOCH, EPOCH, NOON)


@pytest.fixture
async def log() -> SimulatedLog:
    filled = fair_log()
    land(filled, CLAIM)
    return filled


@pytest.fixture
async def tenures(log: SimulatedLog) -> AsyncIterator[Tenures]:
    followed = Tenures(log)
    followed.start({PARTITION: Place(0, UNCLAIMED)})
    following = asyncio.create_task(followed.run())
    yield followed
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def until_changed(tenures: Tenures) -> str:
    """Who owns the partition after me."""
    async with asyncio.timeout(SOON_S):
        await tenures.changed(PARTITION, TENURE)
    return tenures.of(PARTITION).owner


async def test_claims_are_read_from_the_log(tenures: Tenures) -> None:
    async with asyncio.timeout(SOON_S):
        await tenures.reached(PARTITION, 0)
    assert tenures.of(PARTITION) == TENURE


async def test_what_an_owner_has_learned_counts_as_read(tenures: Tenures) -> None:
    await tenures.reached(PARTITION, 0)
    tenures.learned(PARTITION, 3)
    async with asyncio.timeout(SOON_S):
        await tenures.reached(PARTITION, 2)
    assert tenures.of(PARTITION) == TENURE


async def test_a_claim_behind_it_is_read_once_the_owner_appends_no_more(
    tenures: Tenures, log: SimulatedLog
) -> None:
    await tenures.reached(PARTITION, 0)
    land(log, BARRIER)
    tenures.learned(PARTITION, 2)
    land(log, RIVALS_CLAIM)
    assert await until_changed(tenures) == "rival"


async def test_a_claim_behind_it_is_read_at_once_when_the_tenure_has_ended(
    tenures: Tenures, log: SimulatedLog
) -> None:
    await tenures.reached(PARTITION, 0)
    tenures.learned(PARTITION, 1)
    land(log, RIVALS_CLAIM)
    tenures.ended(PARTITION)
    assert await until_changed(tenures) == "rival"
