"""Workers over real servers, killed under load: nothing is lost and nothing counts twice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.projections.world import EVERYBODY, World, meanwhile, running_world
from tests.stack import Stack

pytestmark = pytest.mark.faults


@pytest.fixture
async def world(stack: Stack, tmp_path: Path) -> AsyncIterator[World]:
    async with running_world(stack, tmp_path) as running:
        yield running


async def test_workers_killed_under_load_lose_nothing_and_double_nothing(world: World) -> None:
    world.workers.start()
    world.workers.start()
    async with meanwhile(lambda: world.grow(100)):
        await asyncio.sleep(4)
        for _ in range(4):
            world.workers.kill()
            world.workers.start()
            await asyncio.sleep(3)
    await world.caught_up()
    await world.assert_rows_equal_the_fold()


async def test_postgres_killed_under_load_is_waited_for(stack: Stack, world: World) -> None:
    world.workers.start()
    await world.grow(500)
    await world.caught_up()
    await world.keys.ensure(EVERYBODY)
    stack.postgres.kill()
    # The keys are at hand already, so the log grows on.
    await world.grow(500)
    await asyncio.sleep(1)
    stack.postgres.start()
    stack.postgres.wait_ready()
    await world.caught_up()
    await world.assert_rows_equal_the_fold()
    assert all(process.poll() is None for process in world.workers.running)


async def test_kafka_killed_under_load_is_waited_for(stack: Stack, world: World) -> None:
    world.workers.start()
    await world.grow(500)
    await world.caught_up()
    stack.kafka.kill()
    await asyncio.sleep(2)
    await stack.bring_back_kafka()
    await world.grow(500)
    await world.caught_up()
    await world.assert_rows_equal_the_fold()


async def test_workers_that_start_together_all_stay_and_miss_nothing(world: World) -> None:
    # Nothing is appended later on: what a rebalance swallows now, no later record brings up.
    await world.grow(200)
    for _ in range(3):
        world.workers.start()
    await world.caught_up()
    assert all(process.poll() is None for process in world.workers.running), world.workers.logs()
