"""Pausing: at once, in every worker, and nobody else notices."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest

from infra.log.port import Log
from infra.postgres.pool import Pool, open_pool
from infra.postgres.schema import ensure
from infra.worker import checkpoints, lane, pauses, progress
from infra.worker.checkpoints import Connection
from infra.worker.host import Host
from infra.worker.lane import State
from infra.worker.places import Places
from infra.worker.progress import Checkpoint, Halted, Overtaken, Paused
from tests.infra.worker.log_in_memory import MemoryLog
from tests.infra.worker.test_lanes import PARTITION, Recorder, World, eventually
from tests.projections.folding import ANA, BEN
from tests.projections.models.test_graph import followed
from tests.stack import Stack


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    for host in made.hosts:
        await host.stop()


def state(host: Host, name: str) -> State:
    [found] = [one.state for one in host.lanes() if one.subscriber.name == name]
    return found


async def test_a_paused_one_rests_and_the_others_go_on(world: World) -> None:
    one, other = Recorder("one"), Recorder("other")
    host = await world.host(one, other)
    await world.grow(host, 2)
    await eventually(lambda: one.offset == other.offset == 2)
    host.pause({"one"})
    await eventually(lambda: state(host, "one") is State.PAUSED)
    await world.grow(host, 3)
    await eventually(lambda: other.offset == 5)
    assert one.offset == 2
    host.pause(())
    await eventually(lambda: one.offset == 5 and state(host, "one") is State.ATTACHED)
    await world.grow(host, 1)
    await eventually(lambda: one.offset == other.offset == 6)
    assert one.consumed == other.consumed == list(range(7))


async def test_a_batch_that_is_under_way_is_ended_first(world: World) -> None:
    one = Recorder("one")
    host = await world.host(one)
    one.gate.clear()
    await world.grow(host, 2)
    await eventually(lambda: one.waits)
    host.pause({"one"})
    one.gate.set()
    await eventually(lambda: state(host, "one") is State.PAUSED)
    assert one.offset == 2


async def test_delivery_waits_for_nobody_who_is_paused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "BUFFERED_RECORDS_MAX", 10)
    one = Recorder("one")
    host = await world.host(one)
    host.pause({"one"})
    await eventually(lambda: state(host, "one") is State.PAUSED)
    for _ in range(5):
        await asyncio.wait_for(world.grow(host, 10), 20)
    host.pause(())
    await eventually(lambda: one.offset == 50)
    assert one.consumed == list(range(51))


async def test_who_was_paused_before_the_partition_came_rests_from_the_start(world: World) -> None:
    one = Recorder("one")
    host = Host([one], cast("Log", world.log))
    world.hosts.append(host)
    host.pause({"one"})
    await host.seek([PARTITION])
    await eventually(lambda: state(host, "one") is State.PAUSED)
    await world.grow(host, 3)
    await asyncio.sleep(0.05)
    assert one.consumed == []


async def test_a_halted_one_that_is_paused_and_resumed_looks_again_at_once(world: World) -> None:
    one = Recorder("one")
    one.troubles = [Halted("mend me")]
    host = await world.host(one)
    await world.grow(host, 1)
    await eventually(lambda: state(host, "one") is State.HALTED)
    host.pause({"one"})
    await eventually(lambda: state(host, "one") is State.PAUSED)
    host.pause(())
    await eventually(lambda: one.offset == 1)


async def test_one_told_by_its_checkpoint_rests_until_operators_are_heard(world: World) -> None:
    one = Recorder("one")
    one.troubles = [Paused("one is paused")]
    host = await world.host(one)
    await world.grow(host, 1)
    await eventually(lambda: state(host, "one") is State.PAUSED)
    host.pause(())
    await eventually(lambda: one.offset == 1)


@pytest.fixture
async def pool(stack: Stack) -> AsyncIterator[Pool]:
    settings = stack.settings()
    async with open_pool(settings.postgres, role="tests") as opened:
        await ensure(opened, settings, checkpoints.DDL)
        yield opened


async def test_it_is_noted_who_paused_it_first_and_why(pool: Pool) -> None:
    async with pool.connection() as connection:
        assert await pauses.pause(connection, "graph", "ana", "moving house")
        assert not await pauses.pause(connection, "graph", "ben", "")
        found = (await pauses.pauses(connection))["graph"]
        assert (found.paused_by, found.reason) == ("ana", "moving house")
        assert await pauses.resume(connection, "graph")
        assert not await pauses.resume(connection, "graph")
        assert await pauses.pauses(connection) == {}


async def reach(connection: Connection, offset: int) -> Checkpoint:
    """A checkpoint of graph in the partition, moved to the offset."""
    before = await checkpoints.load(connection, "graph", PARTITION)
    after = Checkpoint(offset=offset)
    await checkpoints.move(connection, "graph", PARTITION, before, after)
    return await checkpoints.load(connection, "graph", PARTITION)


async def test_once_it_is_settled_nobody_commits_any_more(pool: Pool) -> None:
    log = MemoryLog()
    log.claim(PARTITION)
    log.decide(PARTITION, followed(ANA, BEN))
    places = Places("graph", pool, cast("Log", log))
    reads = progress.read(log.entries[PARTITION])
    await places.resume(PARTITION)
    await places.move(PARTITION, progress.advanced(places.reached(PARTITION), reads[:1])[0])
    async with pool.connection() as connection:
        await pauses.pause(connection, "graph", "ana", "")
        assert await pauses.settle(connection, "graph")
    with pytest.raises(Overtaken):
        await places.move(PARTITION, progress.advanced(places.reached(PARTITION), reads)[0])
    with pytest.raises(Paused):
        await places.resume(PARTITION)
    async with pool.connection() as connection:
        assert (await checkpoints.load(connection, "graph", PARTITION)).offset == 0
        await pauses.resume(connection, "graph")
    assert await places.resume(PARTITION) == 1


async def test_what_is_under_way_for_too_long_is_told(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "SETTLE_MS", 50)
    async with pool.connection() as working, pool.connection() as operator:
        await reach(working, 1)
        async with working.transaction():
            before = await checkpoints.load(working, "graph", PARTITION)
            await checkpoints.move(working, "graph", PARTITION, before, Checkpoint(offset=2))
            assert not await pauses.settle(operator, "graph")
        assert await pauses.settle(operator, "graph")
