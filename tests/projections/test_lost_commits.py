"""PostgreSQL goes back behind what it had confirmed: lanes at rest notice, and begin anew."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest

from events.topics import Partition
from infra.log.port import Log
from infra.worker import overseer as module
from infra.worker.host import Host
from infra.worker.overseer import Overseer
from projections.models.graph import FOLLOWS
from projections.models.graph import MODEL as GRAPH
from tests.projections.databases import Database, database
from tests.projections.folding import ANA, BEN, CLO
from tests.projections.models.test_graph import followed
from tests.projections.rebuilding.worlds import consumed, rebuilt, verdict_on
from tests.stack import Stack

PARTITION = Partition("people", 0)
SECONDS = 30
ROWS_LOST = tuple(
    f"delete from {table}_b1" for table in ("follows", "follower_counts", "following_counts")
)


@pytest.fixture
async def base(stack: Stack) -> AsyncIterator[Database]:
    """Ben and Clo follow Ana, as far as the log goes."""
    async with database(stack.settings(), GRAPH) as opened:
        opened.log.claim(PARTITION)
        for person in (BEN, CLO):
            opened.log.decide(PARTITION, followed(ANA, person))
        yield opened


@asynccontextmanager
async def working(base: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Host]:
    """A worker that has consumed the log, and rests: nothing new is delivered to it."""
    monkeypatch.setattr(module, "LOOKED_S", 0.0)
    host = Host([base.subscriber(GRAPH)], cast("Log", base.log))
    await host.seek([PARTITION])
    host.pass_over(PARTITION, await base.log.end(PARTITION))
    overseeing = asyncio.create_task(Overseer(host, base.pool).run(interval_s=0.05))
    try:
        await until(lambda: followers(base))
        yield host
    finally:
        overseeing.cancel()
        await asyncio.wait([overseeing])
        await host.stop()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await holds():  # noqa: ASYNC110  What is waited for has no event.
            await asyncio.sleep(0.02)


async def followers(base: Database) -> bool:
    """Whether both are there, and the checkpoint with them."""
    return len(await base.rows(FOLLOWS)) == 2 and (await verdict_on(base, GRAPH)).clean


async def go_back(base: Database, *statements: str) -> None:
    """All at once, as a fail-over does it."""
    async with base.pool.connection() as connection, connection.transaction():
        for statement in statements:
            await connection.execute(statement.encode())


async def test_a_lane_at_rest_writes_again_what_was_lost(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working(base, monkeypatch):
        await go_back(
            base,
            'update build_checkpoints set "offset" = -1, last_id = null, tenure = null',
            *ROWS_LOST,
        )
        await until(lambda: followers(base))


async def test_a_checkpoint_that_is_gone_altogether_is_made_again(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working(base, monkeypatch):
        await go_back(
            base,
            "delete from build_checkpoints",
            *ROWS_LOST,
        )
        await until(lambda: followers(base))


async def test_a_lane_goes_back_to_the_build_that_is_live_again(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await consumed(base, GRAPH, PARTITION, 2)
    await rebuilt(base, GRAPH)
    async with working(base, monkeypatch) as host:
        await go_back(
            base,
            "update builds set state = 'verified' where build = 2",
            "update builds set state = 'live' where build = 1",
            "create or replace view follows as select * from follows_b1",
        )
        await until(lambda: followers(base))
        [lane] = host.lanes()
        found = lane.subscriber.reached(PARTITION)
        assert found is not None
        assert found.build.number == 1


async def test_a_lane_that_is_where_it_believes_to_be_is_left_alone(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working(base, monkeypatch) as host:
        [lane] = host.lanes()
        doubts: list[str] = []
        monkeypatch.setattr(lane, "doubt", doubts.append)
        for _ in range(20):
            base.log.decide(PARTITION, followed(ANA, BEN))
            host.pass_over(PARTITION, await base.log.end(PARTITION))
            await asyncio.sleep(0.02)
        await until(lambda: followers(base))
        assert doubts == []
