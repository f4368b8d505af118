"""An owner, or an heir, is frozen between two steps until another took over, and then woken."""

import signal

import pytest

from tests.faults.fleet import Fleet
from tests.faults.load import Load
from tests.faults.rounds import ROUNDS
from tests.faults.verdict import uphold, uphold_on_the_command_line

OWNING = (
    "decided",
    "decision-unsent",
    "decision-in-flight",
    "decision-acked",
    "barrier-unsent",
    "checkpoint-unsaved",
)
INHERITING = ("claim-unsent", "claim-in-flight", "checkpoint-taken")

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("point", OWNING * ROUNDS)
async def test_a_woken_owner_finds_that_it_is_one_no_more(fleet: Fleet, point: str) -> None:
    await fleet.mended()
    victim = await fleet.owner()
    async with Load(fleet, seed=OWNING.index(point)) as load:
        await load.flows()
        victim.arm(point, signal.SIGSTOP)
        await victim.froze()
        await load.flows()
        victim.process.resume()
        await load.flows()
    await uphold(fleet, load.history)


@pytest.mark.parametrize("point", INHERITING * ROUNDS)
async def test_a_woken_heir_finds_that_it_came_too_late(fleet: Fleet, point: str) -> None:
    await fleet.mended()
    owner = await fleet.owner()
    slow = next(instance for instance in fleet.instances if instance is not owner)
    async with Load(fleet, seed=INHERITING.index(point)) as load:
        await load.flows()
        slow.arm(point, signal.SIGSTOP)
        owner.process.kill()
        await load.flows()
        slow.process.resume()
        await load.flows()
    await uphold(fleet, load.history)


async def test_one_request_sent_many_times_across_pauses_has_one_effect(fleet: Fleet) -> None:
    await fleet.mended()
    async with Load(fleet, seed=7, copies=12, clients=4) as load:
        for _ in range(2 * ROUNDS):
            victim = await fleet.owner()
            await load.flows()
            victim.process.pause()
            await load.flows()
            victim.process.resume()
    await uphold(fleet, load.history)


def test_the_log_is_clean_after_all_of_it(fleet: Fleet) -> None:
    uphold_on_the_command_line(fleet.settings)
