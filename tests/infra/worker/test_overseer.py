"""The overseer: what operators ask for reaches the lanes, and how these are reaches operators."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from infra.postgres.pool import Pool, open_pool
from infra.postgres.schema import ensure
from infra.worker import checkpoints, pauses
from infra.worker.lane import State
from infra.worker.overseer import Overseer
from tests.infra.worker.test_lanes import Recorder, World
from tests.stack import Stack

SECONDS = 20


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    for host in made.hosts:
        await host.stop()


@pytest.fixture
async def pool(stack: Stack) -> AsyncIterator[Pool]:
    settings = stack.settings()
    async with open_pool(settings.postgres, role="tests") as opened:
        await ensure(opened, settings, checkpoints.DDL)
        yield opened


@asynccontextmanager
async def overseeing(overseer: Overseer) -> AsyncIterator[None]:
    task = asyncio.create_task(overseer.run(interval_s=0.02))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def reports(pool: Pool) -> Sequence[tuple[str, str, str]]:
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select subscriber, partition, state from lane_reports order by subscriber"
        )
        return await cursor.fetchall()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await holds():  # noqa: ASYNC110  What is waited for has no event.
            await asyncio.sleep(0.01)


async def test_pause_and_resume_reach_the_lanes_and_are_reported(world: World, pool: Pool) -> None:
    one, other = Recorder("one"), Recorder("other")
    host = await world.host(one, other)

    async def told(state: State) -> bool:
        return list(await reports(pool)) == [
            ("one", "people-0", state.value),
            ("other", "people-0", "attached"),
        ]

    async with overseeing(Overseer(host, pool)):
        await until(lambda: told(State.ATTACHED))
        async with pool.connection() as connection:
            await pauses.pause(connection, "one", "ana", "")
        await until(lambda: told(State.PAUSED))
        async with pool.connection() as connection:
            await pauses.resume(connection, "one")
        await until(lambda: told(State.ATTACHED))


async def test_a_worker_that_starts_knows_what_is_paused(world: World, pool: Pool) -> None:
    one = Recorder("one")
    host = await world.host(one)
    async with pool.connection() as connection:
        await pauses.pause(connection, "one", "ana", "")
    await Overseer(host, pool).obey()
    await asyncio.sleep(0)
    await world.grow(host, 2)
    await asyncio.sleep(0.05)
    assert one.consumed == []


async def test_a_worker_that_ends_takes_its_own_reports_back(world: World, pool: Pool) -> None:
    leaving, staying = (
        Overseer(await world.host(Recorder("one")), pool),
        Overseer(await world.host(Recorder("other")), pool),
    )
    for overseer in (leaving, staying):
        async with overseeing(overseer):
            name = "one" if overseer is leaving else "other"

            async def reported(name: str = name) -> bool:
                return name in [subscriber for subscriber, _, _ in await reports(pool)]

            await until(reported)
    await leaving.withdraw()
    assert [name for name, _, _ in await reports(pool)] == ["other"]


async def test_it_goes_on_after_postgres_was_away(stack: Stack, world: World, pool: Pool) -> None:
    one = Recorder("one")
    host = await world.host(one)
    async with overseeing(Overseer(host, pool)):
        stack.postgres.kill()
        await asyncio.sleep(0.2)
        stack.postgres.start()
        stack.postgres.wait_ready(30)
        async with pool.connection(timeout=30) as connection:
            await pauses.pause(connection, "one", "ana", "")

        async def paused() -> bool:
            return [lane.state for lane in host.lanes()] == [State.PAUSED]

        await until(paused)
