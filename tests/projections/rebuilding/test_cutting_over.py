"""Cutting over: nobody is cut off, nothing goes backwards, who stands in the way is waited for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from infra.worker import builds, progress
from infra.worker.builds import Known, State
from infra.worker.progress import Overtaken
from projections.builds import make_indexes, make_tables, names_of
from projections.models.graph import FOLLOWS
from projections.models.graph import MODEL as GRAPH
from projections.rebuilding import cutting_over
from projections.rebuilding.catching_up import catch_up
from projections.rebuilding.claiming import claimed
from projections.rebuilding.cutting_over import cut_over
from projections.rebuilding.jobs import JobFailed
from tests.infra.worker.log_in_memory import Plain
from tests.projections.databases import Database
from tests.projections.folding import ANA, BEN, CLO
from tests.projections.models.test_graph import followed
from tests.projections.rebuilding.worlds import (
    PARTITION,
    consumed,
    one_follower,
    states,
    verdict_on,
)
from tests.stack import Stack


@pytest.fixture
async def base(stack: Stack) -> AsyncIterator[Database]:
    """Ben follows Ana, and the live build knows."""
    async with one_follower(stack.settings()) as opened:
        yield opened


async def another(base: Database, *, end: int) -> Known:
    """A build beside the live one, folded up to `end`."""
    async with base.pool.connection() as connection:
        number = await builds.begin(
            connection, GRAPH.name, GRAPH.version, State.VERIFIED, "ana", names_of(GRAPH)
        )
        await make_tables(connection, GRAPH, number)
        await make_indexes(connection, GRAPH, number)
        await catch_up(GRAPH, number, {PARTITION: end}, base.pool, base.log, Plain())
        return (await builds.known(connection, GRAPH.name))[-1]


async def test_a_live_build_of_another_log_is_replaced_all_the_same(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting_over, "ELSEWHERE_S", 0.0)
    build = await another(base, end=2)
    await base.fetch('update build_checkpoints set "offset" = 9000 where build = 1 returning 1')
    await cut(base, build)
    assert await states(base, GRAPH) == [(1, "previous"), (2, "live")]
    assert (await verdict_on(base, GRAPH)).clean


async def cut(base: Database, build: Known) -> None:
    async with claimed(base.pool, base.settings.postgres.schema, [GRAPH.name], "ana") as claim:
        await cut_over(GRAPH, build, claim, base.pool, base.log, Plain())


@asynccontextmanager
async def over_and_over(work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Do the work again and again meanwhile; raises what it raised."""
    ended = asyncio.Event()

    async def again() -> None:
        while not ended.is_set():
            await work()

    tasks = [asyncio.create_task(again()) for _ in range(3)]
    try:
        yield
    finally:
        ended.set()
        await asyncio.gather(*tasks)


async def test_what_the_live_build_has_is_folded_before_it_is_replaced(base: Database) -> None:
    build = await another(base, end=1)
    base.log.decide(PARTITION, followed(ANA, CLO))
    await consumed(base, GRAPH, PARTITION)
    await cut(base, build)
    assert await states(base, GRAPH) == [(1, "previous"), (2, "live")]
    assert len(await base.rows(FOLLOWS)) == 2
    assert await base.fetch('select "offset" from checkpoints') == [(2,)]


async def test_readers_never_miss_a_row_nor_see_one_twice_and_never_go_back(base: Database) -> None:
    """The row of Ben and the checkpoint are read while builds take each other's place ten times."""
    reached = 0
    reads = 0

    async def read() -> None:
        nonlocal reached, reads
        before = reached
        [(count, followers, offset)] = await base.fetch(
            "select count(*), max(c.followers), "
            "(select \"offset\" from checkpoints where partition = 'people-0') "
            "from follows join follower_counts c on c.account_id = target_id "
            "where follower_id = %s",
            BEN,
        )
        assert (count, isinstance(followers, int)) == (1, True)
        assert isinstance(offset, int)
        assert offset >= before
        reached = max(reached, offset)
        reads += 1

    async with over_and_over(read):
        for number in range(10):
            build = await another(base, end=1)
            base.log.decide(PARTITION, followed(ANA, UUID(int=number + 100)))
            await consumed(base, GRAPH, PARTITION)
            await cut(base, build)
    assert reads > 50
    assert (await verdict_on(base, GRAPH)).clean


async def test_workers_meanwhile_lose_nothing_and_double_nothing(base: Database) -> None:
    worker = base.subscriber(GRAPH)
    await worker.resume(PARTITION)
    overtaken = 0

    async def follow_and_fold() -> None:
        nonlocal overtaken
        base.log.decide(PARTITION, followed(ANA, UUID(int=1000 + len(base.log.entries[PARTITION]))))
        try:
            await worker.consume(PARTITION, progress.read(base.log.entries[PARTITION]))
        except Overtaken:
            overtaken += 1
            await worker.resume(PARTITION)
        await asyncio.sleep(0)

    build = await another(base, end=1)
    ended = asyncio.Event()

    async def work() -> None:
        while not ended.is_set():
            await follow_and_fold()

    task = asyncio.create_task(work())
    for _ in range(4):
        await cut(base, build)
        build = await another(base, end=1)
    ended.set()
    await task
    await consumed(base, GRAPH, PARTITION)
    assert overtaken >= 1
    assert (await verdict_on(base, GRAPH)).clean
    end = await base.log.end(PARTITION)
    assert await base.fetch("select followers from follower_counts") == [(end - 1,)]


async def test_a_reader_that_holds_a_view_is_waited_for_and_others_are_not_held_up(
    base: Database,
) -> None:
    build = await another(base, end=2)
    async with base.pool.connection() as connection:
        async with connection.transaction():
            await connection.execute("select * from mutes")
            cutting = asyncio.create_task(cut(base, build))
            for _ in range(30):
                # Queries wait for one attempt, and not for all of them.
                async with asyncio.timeout(30):
                    await base.fetch("select * from follows")
                await asyncio.sleep(0.03)
            assert not cutting.done()
            assert await states(base, GRAPH) == [(1, "live"), (2, "verified")]
        await cutting
    assert await states(base, GRAPH) == [(1, "previous"), (2, "live")]


async def test_readers_that_never_let_go_are_given_up_on(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting_over, "_PATIENCE_S", 0.5)
    build = await another(base, end=2)
    async with base.pool.connection() as connection, connection.transaction():
        await connection.execute("select * from follows")
        with pytest.raises(JobFailed, match="holds tables of graph"):
            await cut(base, build)
    assert await states(base, GRAPH) == [(1, "live"), (2, "verified")]
    await consumed(base, GRAPH, PARTITION)
    await cut(base, build)


async def test_far_behind_workers_are_not_made_to_wait(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting_over, "TAIL_RECORDS_MAX", 2)
    waited: list[int] = []
    behind = cutting_over._behind

    async def noted(*arguments: object) -> int:
        waited.append(await behind(*arguments))  # type: ignore[arg-type]
        if len(waited) == 1:
            # Just then five more came, and the worker was quicker.
            return 5
        return waited[-1]

    monkeypatch.setattr(cutting_over, "_behind", noted)
    await cut(base, await another(base, end=1))
    assert len(waited) == 2
    assert await states(base, GRAPH) == [(1, "previous"), (2, "live")]


async def test_a_live_build_that_is_behind_is_replaced_by_one_that_is_not(base: Database) -> None:
    base.log.decide(PARTITION, followed(ANA, CLO))
    await cut(base, await another(base, end=3))
    assert len(await base.rows(FOLLOWS)) == 2
    assert await base.fetch('select "offset" from checkpoints') == [(2,)]
