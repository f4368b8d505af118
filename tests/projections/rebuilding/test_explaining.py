"""One row explained: what made it, what it should be, and why it is not there."""

import random
from collections.abc import AsyncIterator
from typing import cast

import pytest

from events.accounts import ProfileUpdated
from events.topics import Partition
from infra.log.port import BulkLog
from infra.postgres.pool import Pool
from infra.worker import parking
from projections.explaining import Effect, joined
from projections.model import Model
from projections.models import MODELS
from projections.models.graph import FOLLOWER_COUNTS, FOLLOWS
from projections.models.graph import MODEL as GRAPH
from projections.rebuilding.explaining import Explanation, explained
from projections.rebuilding.telling_rows import RowTask, tell_row
from projections.rebuilding.tools import Tools
from projections.tables import Table
from tests.infra.worker.log_in_memory import MemoryLog, Plain
from tests.projections.databases import Database, database
from tests.projections.folding import ANA, BEN, CLO
from tests.projections.histories import fold_of
from tests.projections.models.test_graph import followed, unfollowed
from tests.projections.notes import NOTES, TOLERANT
from tests.projections.rebuilding.worlds import Alone, Watching, consumed
from tests.projections.test_sql_equals_memory import partitions_of, write_history
from tests.stack import Stack

PARTITION = Partition("people", 0)
OTHER = Partition("people", 1)


@pytest.fixture
async def base(stack: Stack) -> AsyncIterator[Database]:
    async with database(stack.settings(), GRAPH, TOLERANT) as opened:
        for partition in (PARTITION, OTHER):
            opened.log.claim(partition)
        yield opened


async def explanation(base: Database, model: Model, table: Table, *key: object) -> Explanation:
    return await explained(model, table, key, base.pool, base.log, Alone(base), Watching())


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
async def test_every_row_comes_to_what_the_whole_fold_has(model: Model, seed: int) -> None:
    chance = random.Random(seed)
    log = MemoryLog()
    partitions = partitions_of(model)
    write_history(log, partitions, chance, decisions=80)
    tools = Tools(cast("Pool", None), cast("BulkLog", log), Plain(), lambda _records: None)
    ends = {partition: await log.end(partition) for partition in partitions}
    tallies = {tally.table: tally for tally in model.tallies}
    for table, rows in fold_of(log.entries, model, Plain()).items():
        for key in chance.sample(sorted(rows, key=str), min(6, len(rows))):
            traced = [
                await tell_row(one, RowTask(model, table, key, ends[one]), tools)
                for one in partitions
            ]
            assert joined(table, tallies.get(table), traced) == rows[key]
            assert all(each.causes for each in traced if each.row is not None)


async def test_each_decision_tells_what_it_did_to_the_row(base: Database) -> None:
    made = base.log.decide(PARTITION, followed(ANA, BEN))
    base.log.decide(PARTITION, followed(ANA, CLO))
    removed = base.log.decide(PARTITION, unfollowed(ANA, BEN, by=BEN))
    again = base.log.decide(PARTITION, followed(ANA, BEN))
    await consumed(base, GRAPH, PARTITION)
    found = await explanation(base, GRAPH, FOLLOWS, ANA, BEN)
    assert found.agrees
    causes = found.traced[PARTITION].causes
    assert [(cause.offset, cause.effect) for cause in causes] == [
        (made, Effect.MADE),
        (removed, Effect.REMOVED),
        (again, Effect.MADE),
    ]
    assert causes[0].events == ("follow.established",)
    assert causes[0].after["state"] == "established"
    assert found.stored == [found.folded]


async def test_a_count_is_explained_by_the_rows_that_it_counts(base: Database) -> None:
    for person in (BEN, CLO):
        base.log.decide(PARTITION, followed(ANA, person))
    base.log.decide(PARTITION, unfollowed(ANA, BEN, by=BEN))
    await consumed(base, GRAPH, PARTITION)
    found = await explanation(base, GRAPH, FOLLOWER_COUNTS, ANA)
    assert found.agrees
    counted = [cause.after.get("followers") for cause in found.traced[PARTITION].causes]
    assert counted == [1, 2, 1]


async def test_it_is_explained_as_of_where_the_build_is(base: Database) -> None:
    base.log.decide(PARTITION, followed(ANA, BEN))
    await consumed(base, GRAPH, PARTITION)
    base.log.decide(PARTITION, unfollowed(ANA, BEN, by=BEN))
    found = await explanation(base, GRAPH, FOLLOWS, ANA, BEN)
    assert found.agrees
    assert found.folded is not None


@pytest.mark.parametrize(
    ("statement", "differing", "rows"),
    [
        ("update follows_b1 set state = 'requested'", ("state",), 1),
        ("delete from follows_b1", ("target_id", "follower_id", "state", "since"), 0),
        (
            "alter table follows_b1 drop constraint follows_b1_pkey; "
            "insert into follows_b1 select * from follows_b1",
            (),
            2,
        ),
    ],
    ids=["changed", "lost", "doubled"],
)
async def test_what_was_done_by_hand_does_not_agree(
    base: Database, statement: str, differing: tuple[str, ...], rows: int
) -> None:
    base.log.decide(PARTITION, followed(ANA, BEN))
    await consumed(base, GRAPH, PARTITION)
    async with base.pool.connection() as connection:
        await connection.execute(statement.encode())
    found = await explanation(base, GRAPH, FOLLOWS, ANA, BEN)
    assert not found.agrees
    assert found.differing == differing
    assert len(found.stored) == rows


async def test_a_row_that_nobody_wrote_has_no_cause(base: Database) -> None:
    await base.fetch(f"insert into follows_b1 values ('{ANA}', '{BEN}', 'established', now())")
    found = await explanation(base, GRAPH, FOLLOWS, ANA, BEN)
    assert not found.agrees
    assert (found.folded, found.traced) == (None, {})


async def test_a_row_that_never_was_is_no_difference(base: Database) -> None:
    base.log.decide(PARTITION, followed(ANA, CLO))
    await consumed(base, GRAPH, PARTITION)
    found = await explanation(base, GRAPH, FOLLOWS, ANA, BEN)
    assert found.agrees
    assert found.traced[PARTITION].causes == []


async def test_what_is_parked_and_what_was_dropped_is_named(base: Database) -> None:
    note = ProfileUpdated(account_id=ANA, about="raise")
    bad = base.log.decide(PARTITION, note, shard=str(ANA))
    waiting = base.log.decide(
        PARTITION, ProfileUpdated(account_id=ANA, about="later"), shard=str(ANA)
    )
    await consumed(base, TOLERANT, PARTITION)
    found = await explanation(base, TOLERANT, NOTES, ANA)
    assert found.agrees
    aside = found.traced[PARTITION].set_aside
    assert [(one.offset, one.dropped, one.certain) for one in aside] == [
        (bad, False, False),
        (waiting, False, True),
    ]
    async with base.pool.connection() as connection, connection.transaction():
        parked = await parking.record(connection, "notes", PARTITION, bad)
        assert parked is not None
        await parking.drop(connection, parked, "ana", "beyond repair")
    found = await explanation(base, TOLERANT, NOTES, ANA)
    assert [one.dropped for one in found.traced[PARTITION].set_aside] == [True, False]


async def test_an_event_that_cannot_be_folded_is_a_failure(base: Database) -> None:
    bad = base.log.decide(PARTITION, ProfileUpdated(account_id=ANA, about="raise"))
    await consumed(base, TOLERANT, PARTITION)
    await base.fetch("delete from parked returning 1")
    found = await explanation(base, TOLERANT, NOTES, BEN)
    assert not found.agrees
    assert found.failures == [f"people-0 at offset {bad}: ZeroDivisionError: it cannot be applied."]
