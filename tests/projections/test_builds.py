"""Builds of a model: which one workers fold into, what views show, and who is overtaken."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from events.topics import Partition
from infra.worker import builds, progress
from infra.worker.builds import State
from infra.worker.progress import Halted, Overtaken
from projections import ddl
from projections.builds import ensure_live, make_indexes, make_tables, names_of, show
from projections.models.graph import FOLLOWS, MODEL
from tests.projections.databases import Database, database
from tests.projections.folding import ANA, BEN, CLO
from tests.projections.models.test_graph import followed
from tests.stack import Stack

PARTITION = Partition("people", 0)


@pytest.fixture
async def base(stack: Stack) -> AsyncIterator[Database]:
    async with database(stack.settings(), MODEL) as opened:
        opened.log.claim(PARTITION)
        yield opened


async def another_build_becomes_live(base: Database) -> int:
    """An empty build takes the place of the live one, as if it had been filled."""
    async with base.pool.connection() as connection, connection.transaction():
        number = await builds.begin(
            connection, MODEL.name, MODEL.version, State.FILLING, "ana", names_of(MODEL)
        )
        await make_tables(connection, MODEL, number)
        await make_indexes(connection, MODEL, number)
        await connection.execute("update build_checkpoints set revision = revision + 1")
        await builds.become(connection, MODEL.name, 1, State.PREVIOUS)
        await builds.become(connection, MODEL.name, number, State.LIVE)
        await show(connection, MODEL, number)
    return number


async def followers(base: Database) -> set[object]:
    return {row["follower_id"] for row in (await base.rows(FOLLOWS)).values()}


async def test_the_first_build_is_live_from_the_start(base: Database) -> None:
    found = await base.fetch("select build, version, state from builds")
    assert found == [(1, MODEL.version, "live")]


async def test_a_model_that_has_a_live_build_keeps_it(base: Database) -> None:
    async with base.pool.connection() as connection:
        await ensure_live(connection, replace(MODEL, version=MODEL.version + 1))
    assert await base.fetch("select build, version from builds") == [(1, MODEL.version)]


async def test_a_table_that_the_live_build_lacks_is_made_and_shown(base: Database) -> None:
    notes = replace(FOLLOWS, name="notes", indexes=("(follower_id)",))
    async with base.pool.connection() as connection:
        await ensure_live(connection, replace(MODEL, tables=(*MODEL.tables, notes)))
    assert await base.fetch("select * from notes") == []
    assert await base.fetch("select * from notes_b1") == []


async def test_who_folds_into_a_build_that_is_live_no_more_is_overtaken(base: Database) -> None:
    base.log.decide(PARTITION, followed(ANA, BEN))
    worker = base.subscriber(MODEL)
    await worker.resume(PARTITION)
    await worker.consume(PARTITION, progress.read(base.log.entries[PARTITION]))
    await another_build_becomes_live(base)
    base.log.decide(PARTITION, followed(ANA, CLO))
    reads = progress.read(base.log.entries[PARTITION])
    with pytest.raises(Overtaken):
        await worker.consume(PARTITION, reads)
    assert await followers(base) == set()
    assert await worker.resume(PARTITION) == 0
    await worker.consume(PARTITION, reads)
    assert await followers(base) == {BEN, CLO}


async def test_the_build_before_keeps_its_rows_and_its_checkpoint(base: Database) -> None:
    last = base.log.decide(PARTITION, followed(ANA, BEN))
    await base.consume(MODEL, PARTITION)
    await another_build_becomes_live(base)
    assert await base.fetch("select follower_id from follows_b1") == [(BEN,)]
    kept = await base.fetch('select "offset" from build_checkpoints where build = 1')
    assert kept == [(last,)]
    assert await base.fetch("select * from checkpoints") == []


async def test_another_version_than_the_live_one_is_not_folded(base: Database) -> None:
    base.log.decide(PARTITION, followed(ANA, BEN))
    newer = replace(MODEL, version=MODEL.version + 1)
    with pytest.raises(Halted, match="agora projections rebuild graph"):
        await base.consume(newer, PARTITION)
    assert await followers(base) == set()
    await base.consume(MODEL, PARTITION)
    assert await followers(base) == {BEN}


async def test_a_view_takes_the_columns_of_another_version(base: Database) -> None:
    other = replace(FOLLOWS, columns="target_id uuid not null, follower_id uuid not null, n bigint")
    model = replace(MODEL, tables=(other,), tallies=())
    async with base.pool.connection() as connection:
        await connection.execute(ddl.create_table(other, 2).encode())
        await show(connection, model, 2)
    await base.fetch("insert into follows_b2 values (%s, %s, 7) returning 1", ANA, BEN)
    assert await base.fetch("select n from follows") == [(7,)]


async def test_numbers_of_builds_are_never_used_twice_while_one_is_there(base: Database) -> None:
    async with base.pool.connection() as connection:
        numbers = [
            await builds.begin(connection, name, 1, State.FILLING, "ana", [])
            for name in ("graph", "graph", "posts")
        ]
    assert numbers == [2, 3, 1]
