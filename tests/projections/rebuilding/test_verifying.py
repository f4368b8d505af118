"""Verifying: whatever differs from the log is found and named, and nothing else is."""

import random
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from msgspec.structs import replace

from events.accounts import ProfileUpdated
from events.record import Barrier
from events.topics import Partition
from infra.worker import builds, parking
from projections.model import Model
from projections.models import MODELS
from projections.models.graph import MODEL as GRAPH
from projections.rebuilding import comparing
from projections.rebuilding.comparing import Verdict
from projections.rebuilding.verifying import Wanted, verified
from tests.projections.databases import Database, database
from tests.projections.folding import ANA, BEN, CLO, START
from tests.projections.models.test_graph import followed, unfollowed
from tests.projections.notes import TOLERANT
from tests.projections.rebuilding.worlds import Alone, Watching, consumed, verdict_on
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


@pytest.fixture
async def followers(base: Database) -> Database:
    """Ten people follow Ana, in one partition; Ana and Ben follow Clo, in another."""
    for number in range(10):
        base.log.decide(PARTITION, followed(ANA, UUID(int=1000 + number)))
    for person in (ANA, BEN):
        base.log.decide(OTHER, followed(CLO, person))
    for partition in (PARTITION, OTHER):
        await consumed(base, GRAPH, partition)
    return base


async def changed(base: Database, statement: str) -> Verdict:
    """What is found of the graph after somebody was at the tables."""
    async with base.pool.connection() as connection:
        await connection.execute(statement.encode())
    return await verdict_on(base, GRAPH)


def named(verdict: Verdict) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [
        (
            one.table,
            one.kind,
            one.key.get("follower_id", one.key.get("account_id", "")),
            one.columns,
        )
        for one in verdict.differences
    ]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
async def test_what_workers_wrote_is_clean_wherever_they_are(
    stack: Stack, model: Model, seed: int
) -> None:
    chance = random.Random(seed)
    async with database(stack.settings(), model) as base:
        partitions = partitions_of(model)
        write_history(base.log, partitions, chance, decisions=250)
        for partition in partitions:
            end = await base.log.end(partition)
            await consumed(base, model, partition, chance.randrange(end))
        assert (await verdict_on(base, model)).clean
        for partition in partitions:
            await consumed(base, model, partition)
        found = await verdict_on(base, model)
        assert found.clean
        assert found.rows > 0
        ends = {str(one): await base.log.end(one) - 1 for one in partitions}
        assert found.positions == ends


async def test_the_rows_that_were_looked_at_are_counted(followers: Database) -> None:
    assert (await verdict_on(followers, GRAPH)).rows == 12


async def test_a_row_changed_by_hand_is_named_with_its_column(followers: Database) -> None:
    found = await changed(
        followers, f"update follows_b1 set state = 'requested' where follower_id = '{BEN}'"
    )
    assert not found.clean
    assert named(found) == [("follows", "changed", str(BEN), ("state",))]
    [one] = found.differences
    assert (one.stored, one.expected) == ({"state": "requested"}, {"state": "established"})


async def test_a_lost_row_is_named(followers: Database) -> None:
    person = UUID(int=1004)
    found = await changed(followers, f"delete from follows_b1 where follower_id = '{person}'")
    assert named(found) == [("follows", "lost", str(person), ())]


async def test_a_row_that_nobody_wrote_is_named(followers: Database) -> None:
    found = await changed(
        followers,
        f"insert into blocks_b1 values ('{ANA}', '{BEN}', now())",
    )
    [one] = found.differences
    assert (one.table, one.kind, one.key) == (
        "blocks",
        "extra",
        {"blocker_id": str(ANA), "blocked_id": str(BEN)},
    )


async def test_a_row_that_is_there_twice_is_named(followers: Database) -> None:
    found = await changed(
        followers,
        "alter table follows_b1 drop constraint follows_b1_pkey; "
        f"insert into follows_b1 select * from follows_b1 where follower_id = '{BEN}'",
    )
    assert named(found) == [("follows", "doubled", str(BEN), ())]


async def test_a_wrong_count_is_named_in_its_partition(followers: Database) -> None:
    found = await changed(
        followers,
        f"update following_counts_b1 set following = 2 where account_id = '{ANA}'",
    )
    [one] = found.differences
    assert (one.table, one.kind, one.columns) == ("following_counts", "changed", ("following",))
    assert one.key == {"account_id": str(ANA), "partition": "people-1"}
    assert (one.stored, one.expected) == ({"following": 2}, {"following": 1})


async def test_a_count_that_returned_to_zero_is_no_difference(followers: Database) -> None:
    followers.log.decide(OTHER, unfollowed(CLO, BEN, by=BEN))
    await consumed(followers, GRAPH, OTHER)
    kept = await followers.fetch("select * from following_counts_b1 where following = 0")
    assert len(kept) == 1
    assert (await verdict_on(followers, GRAPH)).clean


async def test_each_of_several_differences_is_named(followers: Database) -> None:
    found = await changed(
        followers,
        "update follows_b1 set since = since + interval '1 microsecond'; "
        "delete from follower_counts_b1",
    )
    kinds = [(one.table, one.kind) for one in found.differences]
    assert kinds.count(("follows", "changed")) == 12
    assert kinds.count(("follower_counts", "lost")) == 2
    assert found.buckets == 14


async def test_of_very_many_differences_some_are_named(
    followers: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "COMPARED_ROWS_MAX", 3)
    found = await changed(followers, "update follows_b1 set state = 'requested'")
    assert found.buckets == 12
    assert 1 <= len(found.differences) <= 4


async def test_what_zombies_and_vandals_wrote_into_the_log_is_not_expected(base: Database) -> None:
    base.log.decide(PARTITION, followed(ANA, BEN), epoch=UUID(int=0xDEAD))
    base.log.append_value(PARTITION, b"foreign")
    base.log.decide(PARTITION, followed(ANA, CLO))
    base.log.append_value(PARTITION, b"\xff\xff")
    await consumed(base, GRAPH, PARTITION)
    found = await verdict_on(base, GRAPH)
    assert found.clean
    assert found.rows == 1


async def test_what_is_parked_is_not_expected(base: Database) -> None:
    for person, about in ((ANA, "one"), (BEN, "one"), (ANA, "raise"), (ANA, "two"), (BEN, "two")):
        event = ProfileUpdated(account_id=person, about=about)
        base.log.decide(PARTITION, event, shard=str(person))
    await consumed(base, TOLERANT, PARTITION)
    assert (await verdict_on(base, TOLERANT)).clean
    # What waits behind the parked record must not have been applied.
    await base.fetch("update notes_b1 set about = 'two' where account_id = %s returning 1", ANA)
    [one] = (await verdict_on(base, TOLERANT)).differences
    assert (one.kind, one.key) == ("changed", {"account_id": str(ANA)})


async def test_what_an_operator_dropped_is_not_expected(base: Database) -> None:
    note = ProfileUpdated(account_id=ANA, about="raise")
    bad = base.log.decide(PARTITION, note, shard=str(ANA))
    await consumed(base, TOLERANT, PARTITION)
    async with base.pool.connection() as connection, connection.transaction():
        parked = await parking.record(connection, "notes", PARTITION, bad)
        assert parked is not None
        await parking.drop(connection, parked, "ana", "beyond repair")
    base.log.decide(PARTITION, ProfileUpdated(account_id=ANA, about="later"), shard=str(ANA))
    await consumed(base, TOLERANT, PARTITION)
    assert (await verdict_on(base, TOLERANT)).clean


async def test_a_record_that_should_be_parked_and_is_not_is_a_failure(base: Database) -> None:
    bad = base.log.decide(PARTITION, ProfileUpdated(account_id=ANA, about="raise"))
    await consumed(base, TOLERANT, PARTITION)
    await base.fetch("delete from parked returning 1")
    found = await verdict_on(base, TOLERANT)
    assert not found.clean
    assert f"people-0 at offset {bad}: ZeroDivisionError" in found.failure


async def test_another_log_is_a_failure(followers: Database) -> None:
    followers.log.entries[OTHER].pop()
    followers.log.decide(OTHER, followed(CLO, UUID(int=5)))
    found = await verdict_on(followers, GRAPH)
    assert "this is another log" in found.failure


async def test_a_checkpoint_beyond_the_end_is_a_failure(followers: Database) -> None:
    followers.log.entries[OTHER].pop()
    found = await verdict_on(followers, GRAPH)
    assert "at offset 2, but the log ends at 2" in found.failure


async def test_a_checkpoint_that_was_moved_by_hand_is_a_failure(followers: Database) -> None:
    found = await changed(
        followers,
        "update build_checkpoints set tenure = null where partition = 'people-1'",
    )
    assert found.failure == "The checkpoint in people-1 is not what the log comes to at 2."


async def test_another_version_is_a_failure(followers: Database) -> None:
    newer = GRAPH.version + 1
    found = await verdict_on(followers, replace(GRAPH, version=newer))
    assert f"Build 1 of graph is of version {GRAPH.version}, and this is" in found.failure


async def test_a_model_without_a_live_build_is_a_failure(followers: Database) -> None:
    await followers.fetch("update builds set state = 'previous' returning 1")
    assert (await verdict_on(followers, GRAPH)).failure == "No build of graph is live."


async def test_others_are_verified_beside_one_that_cannot_be(followers: Database) -> None:
    await followers.fetch("update builds set version = 9 where model = 'graph' returning 1")
    wanted = [Wanted(GRAPH), Wanted(TOLERANT)]
    pool, log = followers.pool, followers.log
    found = await verified(wanted, pool, log, Alone(followers), Watching())
    assert [(one.model, one.clean) for one in found] == [("graph", False), ("notes", True)]


async def test_a_build_that_is_not_live_is_verified_if_it_is_given(followers: Database) -> None:
    await followers.fetch("update builds set state = 'previous' returning 1")
    async with followers.pool.connection() as connection:
        [build] = await builds.known(connection, GRAPH.name)
    wanted = [Wanted(GRAPH, build)]
    pool, log = followers.pool, followers.log
    [found] = await verified(wanted, pool, log, Alone(followers), Watching())
    assert found.clean
    assert found.build == 1


async def test_what_workers_write_meanwhile_changes_nothing(followers: Database) -> None:
    class Meanwhile(Alone):
        async def run(self, *arguments: object) -> list[object]:
            followers.log.decide(OTHER, followed(CLO, UUID(int=6)))
            followers.log.append(OTHER, Barrier(id=UUID(int=1), epoch=UUID(int=1), at=START))
            await consumed(followers, GRAPH, OTHER)
            return await super().run(*arguments)  # type: ignore[arg-type]

    pool, log = followers.pool, followers.log
    [found] = await verified([Wanted(GRAPH)], pool, log, Meanwhile(followers), Watching())
    assert found.clean
    assert found.positions == {"people-0": 10, "people-1": 2}
    assert (await verdict_on(followers, GRAPH)).positions == {"people-0": 10, "people-1": 4}
