"""kill -9 between each two steps of a command, a takeover and a release."""

import asyncio
import signal

import pytest

from tests.faults import points
from tests.faults.armed import HEALTHY_S
from tests.faults.fleet import Fleet, Instance
from tests.faults.load import Load
from tests.faults.rounds import ROUNDS
from tests.faults.verdict import uphold, uphold_on_the_command_line

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("point", points.OWNING * ROUNDS)
async def test_an_owner_may_die_at_any_step(fleet: Fleet, point: str) -> None:
    await fleet.mended()
    victim = await fleet.owner()
    async with Load(fleet, seed=points.OWNING.index(point)) as load:
        await load.flows()
        victim.arm(point)
        await victim.died()
        await load.flows()
    await uphold(fleet, load.history)


@pytest.mark.parametrize("point", points.INHERITING * ROUNDS)
async def test_an_heir_may_die_at_any_step(fleet: Fleet, point: str) -> None:
    await fleet.mended()
    owner = await fleet.owner()
    heirs = [instance for instance in fleet.instances if instance is not owner]
    async with Load(fleet, seed=points.INHERITING.index(point)) as load:
        await load.flows()
        for heir in heirs:
            heir.arm(point)
        owner.process.kill()
        await first_death(heirs)
        await fleet.mended()
        await load.flows()
    await uphold(fleet, load.history)


@pytest.mark.parametrize("point", points.LEAVING * ROUNDS)
async def test_an_owner_may_die_while_it_releases(fleet: Fleet, point: str) -> None:
    async with Load(fleet, seed=points.LEAVING.index(point)) as load:
        while not await died_leaving(fleet, load, point):
            pass
        await load.flows()
    await uphold(fleet, load.history)


def test_the_log_is_clean_after_all_of_it(fleet: Fleet) -> None:
    uphold_on_the_command_line(fleet.settings)


async def died_leaving(fleet: Fleet, load: Load, point: str) -> bool:
    """Whether an owner that was told to end died at the point.

    One that stood still for a moment may have lost what it owned, and then releases nothing.
    """
    await fleet.mended()
    victim = await fleet.owner()
    await load.flows()
    victim.arm(point)
    victim.process.signal(victim.process.recipe.stop_signal)
    await victim.died()
    assert victim.process.exit_status in {0, -signal.SIGKILL}, victim.process.failure()
    return victim.process.exit_status != 0


async def first_death(instances: list[Instance]) -> None:
    waiting = [asyncio.create_task(instance.died()) for instance in instances]
    await asyncio.wait(waiting, timeout=HEALTHY_S, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    assert any(not instance.process.running for instance in instances)
