"""One model hangs, fails, rests or is new: the others go on, and it joins them again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from infra.worker import parking, pauses
from projections.models import MODELS, graph, posts
from projections.retrying import Retrying
from projections.tables import Table, stored_name
from tests.projections import extra_worker
from tests.projections.world import SECONDS, World, meanwhile, running_world
from tests.stack import Stack

pytestmark = pytest.mark.faults

OTHERS = [model for model in MODELS if model is not graph.MODEL]


@pytest.fixture
async def world(stack: Stack, tmp_path: Path) -> AsyncIterator[World]:
    async with running_world(stack, tmp_path) as running:
        yield running


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await holds():  # noqa: ASYNC110  What is waited for has no event.
            await asyncio.sleep(0.05)


async def states(world: World, model: str) -> set[str]:
    """How the lanes of a model are, as workers report them."""
    async with world.pool.connection() as connection:
        cursor = await connection.execute(
            "select distinct state from lane_reports where subscriber = %s", (model,)
        )
        return {state for (state,) in await cursor.fetchall()}


async def are(world: World, model: str, state: str) -> None:
    """Wait until all lanes of a model are so."""

    async def holds() -> bool:
        return await states(world, model) == {state}

    await until(holds)


@asynccontextmanager
async def locked(world: World, table: Table) -> AsyncIterator[None]:
    """Somebody holds the live table, so that whoever writes to it hangs."""
    async with world.pool.connection() as connection, connection.transaction():
        name = stored_name(table, 1)
        await connection.execute(f"lock table {name} in access exclusive mode".encode())
        yield


async def behind(world: World, model: str) -> bool:
    reached = await world.reached()
    ends = {(model, place): end for place, end in world.load.ends.items()}
    return any(reached[place] < end for place, end in ends.items() if place in reached)


async def test_a_model_that_hangs_holds_up_nobody(world: World) -> None:
    world.workers.start()
    await world.grow(200)
    await world.caught_up()
    async with locked(world, graph.FOLLOWS):
        for _ in range(10):
            await world.grow(300)
            await world.caught_up(OTHERS)
        assert await behind(world, "graph")
    await world.caught_up()
    await world.assert_rows_equal_the_fold()
    await are(world, "graph", "attached")


async def test_a_model_that_fails_holds_up_nobody(world: World) -> None:
    world.workers.start()
    await world.grow(200)
    await world.caught_up()
    name = stored_name(graph.MUTES, 1)
    async with world.pool.connection() as connection:
        await connection.execute(f"alter table {name} rename to elsewhere".encode())
        await world.grow(1000)
        await world.caught_up(OTHERS)
        await are(world, "graph", "halted")
        await connection.execute(f"alter table elsewhere rename to {name}".encode())
        # Whoever mended it need not wait until it looks again by itself.
        await pauses.pause(connection, "graph", "ana", "")
        await are(world, "graph", "paused")
        await pauses.resume(connection, "graph")
    await world.caught_up()
    await world.assert_rows_equal_the_fold()


async def test_a_paused_model_rests_over_restarts_and_catches_up(world: World) -> None:
    world.workers.start()
    await world.grow(200)
    await world.caught_up()
    async with world.pool.connection() as connection:
        await pauses.pause(connection, "graph", "ana", "")
        assert await pauses.settle(connection, "graph")
    before = {place: at for place, at in (await world.reached()).items() if place[0] == "graph"}
    await world.grow(500)
    await world.caught_up(OTHERS)
    world.workers.start()
    world.workers.kill()
    await world.grow(500)
    await world.caught_up(OTHERS)
    await are(world, "graph", "paused")
    assert before.items() <= (await world.reached()).items()
    async with world.pool.connection() as connection:
        await pauses.resume(connection, "graph")
    await world.caught_up()
    await are(world, "graph", "attached")
    await world.assert_rows_equal_the_fold()


async def test_a_model_of_a_new_version_fills_itself_and_joins(world: World) -> None:
    everything = (*MODELS, extra_worker.MODEL)
    world.workers.start()
    await world.grow(2000)
    await world.caught_up()
    async with meanwhile(lambda: world.grow(50)):
        world.workers.start("tests.projections.extra_worker")
        await are(world, posts.MODEL.name, "attached")
        await asyncio.sleep(3)
        # The old one goes, as in any rolling update.
        world.workers.kill()
        await are(world, extra_worker.MODEL.name, "attached")
    await world.caught_up(everything)
    await world.assert_rows_equal_the_fold(everything)


async def test_what_a_faulty_version_set_aside_is_applied_while_a_mended_one_goes_on(
    world: World,
) -> None:
    everything = (*MODELS, extra_worker.MODEL)
    world.workers.start("tests.projections.faulty_worker")
    await world.grow(1000)
    await world.caught_up(everything)
    world.workers.start("tests.projections.extra_worker")
    world.workers.kill()
    models = {extra_worker.MODEL.name: extra_worker.MODEL}
    retrying = Retrying(world.pool, world.log, world.keys, models)
    async with meanwhile(lambda: world.grow(50)):
        await are(world, extra_worker.MODEL.name, "attached")
        async with world.pool.connection() as connection:
            found = await parking.shards(connection)
        assert found
        outcomes = await asyncio.gather(*(retrying.shard(one.place) for one in found))
    assert [one.reason for one in outcomes if one.reason] == []
    await world.caught_up(everything)
    async with world.pool.connection() as connection:
        assert await parking.shards(connection) == []
    await world.assert_rows_equal_the_fold(everything)
