"""Going back to the build before, and dropping those that are not needed."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from infra.worker.builds import Known
from infra.worker.progress import Halted
from projections.models.graph import FOLLOWS
from projections.models.graph import MODEL as GRAPH
from projections.rebuilding import old_builds as module
from projections.rebuilding.claiming import claimed
from projections.rebuilding.cutting_over import cut_over
from projections.rebuilding.jobs import JobFailed
from projections.rebuilding.old_builds import drop_old, previous_build
from tests.infra.worker.log_in_memory import Plain
from tests.projections.databases import Database
from tests.projections.folding import ANA, CLO
from tests.projections.models.test_graph import followed
from tests.projections.rebuilding.worlds import (
    PARTITION,
    consumed,
    one_follower,
    rebuilt,
    states,
    verdict_on,
)
from tests.stack import Stack


@pytest.fixture
async def base(stack: Stack) -> AsyncIterator[Database]:
    """Ben follows Ana; then the graph was rebuilt, and Clo followed Ana, too."""
    async with one_follower(stack.settings()) as opened:
        await rebuilt(opened, GRAPH)
        opened.log.decide(PARTITION, followed(ANA, CLO))
        await consumed(opened, GRAPH, PARTITION)
        yield opened


async def roll_back(base: Database) -> Known:
    build = await previous_build(base.pool, GRAPH)
    async with claimed(base.pool, base.settings.postgres.schema, [GRAPH.name], "ana") as claim:
        await cut_over(GRAPH, build, claim, base.pool, base.log, Plain())
    return build


async def test_the_build_before_catches_up_and_is_live_again(base: Database) -> None:
    assert (await roll_back(base)).number == 1
    assert await states(base, GRAPH) == [(1, "live"), (2, "previous")]
    assert len(await base.rows(FOLLOWS)) == 2
    assert (await verdict_on(base, GRAPH)).clean


async def test_going_back_twice_is_going_forth_again(base: Database) -> None:
    await roll_back(base)
    assert (await roll_back(base)).number == 2
    assert await states(base, GRAPH) == [(1, "previous"), (2, "live")]
    await consumed(base, GRAPH, PARTITION)
    assert (await verdict_on(base, GRAPH)).clean


async def test_of_several_the_one_that_was_live_last_is_gone_back_to(base: Database) -> None:
    await rebuilt(base, GRAPH)
    assert await states(base, GRAPH) == [(1, "previous"), (2, "previous"), (3, "live")]
    assert (await previous_build(base.pool, GRAPH)).number == 2


async def test_without_a_build_before_there_is_nothing_to_go_back_to(base: Database) -> None:
    await drop_old(base.pool, GRAPH)
    with pytest.raises(Halted, match="No build of graph was live before"):
        await previous_build(base.pool, GRAPH)


async def test_another_version_is_gone_back_to_by_its_own_code_alone(base: Database) -> None:
    with pytest.raises(Halted, match="only that version of Agora can fold it"):
        await previous_build(base.pool, replace(GRAPH, version=GRAPH.version + 1))


async def test_a_build_with_other_tables_is_not_gone_back_to(base: Database) -> None:
    with pytest.raises(Halted, match="has other tables"):
        await previous_build(base.pool, replace(GRAPH, tallies=()))


async def test_dropping_frees_the_room_and_leaves_the_live_build(base: Database) -> None:
    dropped = await drop_old(base.pool, GRAPH)
    assert [one.number for one in dropped] == [1]
    assert await base.fetch("select to_regclass('follows_b1') is null") == [(True,)]
    assert await base.fetch("select distinct build from build_checkpoints") == [(2,)]
    assert len(await base.rows(FOLLOWS)) == 2
    assert await drop_old(base.pool, GRAPH) == []
    await rebuilt(base, GRAPH)
    assert (await states(base, GRAPH))[-1] == (3, "live")


async def test_who_reads_a_table_keeps_it_from_being_dropped(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ATTEMPTS", 1)
    async with base.pool.connection() as connection, connection.transaction():
        await connection.execute("select * from follows_b1")
        with pytest.raises(JobFailed, match="Somebody reads build 1 of graph"):
            await drop_old(base.pool, GRAPH)
    assert await states(base, GRAPH) == [(1, "previous"), (2, "live")]
    await drop_old(base.pool, GRAPH)
