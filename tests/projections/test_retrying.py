"""Trying again what was set aside: in order, once, and against workers that go on meanwhile."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final, cast

import pytest
from msgspec.structs import replace

from events.accounts import ProfileUpdated
from events.topics import PEOPLE, Partition
from infra.log.port import Log
from infra.worker import parking
from infra.worker.parking import Parked, ParkedShard
from infra.worker.progress import Halted, Overtaken, read
from projections.model import Model, Moment
from projections.operations import Operation, Upsert
from projections.retrying import Retrying
from projections.tables import Row, Table
from tests.infra.worker.log_in_memory import Plain
from tests.projections.databases import Database, database
from tests.projections.folding import ANA, BEN, CLO
from tests.projections.histories import fold_of
from tests.projections.notes import note
from tests.stack import Stack

PARTITION = Partition("people", 0)

NOTES = Table(
    "notes",
    key=("account_id",),
    columns="account_id uuid not null, about text not null, last bigint not null",
)


def _mended(event: ProfileUpdated, moment: Moment) -> Iterator[Operation]:
    # Postgres takes no NUL in a text, whatever the model thinks of it.
    about = "\x00" if event.about == "nul" else event.about
    row: Row = {"account_id": event.account_id, "about": about, "last": moment.offset}
    yield Upsert(NOTES, row)


def _faulty(event: ProfileUpdated, moment: Moment) -> Iterator[Operation]:
    if event.about == "raise":
        raise ZeroDivisionError
    yield from _mended(event, moment)


def _mended_badly(event: ProfileUpdated, moment: Moment) -> Iterator[Operation]:
    if event.about == "raise":
        raise KeyError
    yield from _mended(event, moment)


FAULTY: Final = Model("notes", 1, (PEOPLE,), (ProfileUpdated,), (NOTES,), _faulty)
MENDED: Final = replace(FAULTY, changes=_mended)
MENDED_BADLY: Final = replace(FAULTY, changes=_mended_badly)


@pytest.fixture
async def base(stack: Stack) -> AsyncIterator[Database]:
    async with database(stack.settings(), FAULTY) as opened:
        opened.log.claim(PARTITION)
        yield opened


def retrying(base: Database, model: Model) -> Retrying:
    return Retrying(base.pool, cast("Log", base.log), Plain(), {model.name: model})


async def parked(base: Database) -> Sequence[ParkedShard]:
    async with base.pool.connection() as connection:
        return await parking.shards(connection)


async def first(base: Database) -> Parked:
    """The first record of the first shard that waits."""
    [shard, *_] = await parked(base)
    async with base.pool.connection() as connection:
        one = await parking.first(connection, shard.place)
    assert one is not None
    return one


async def assert_as_if_nothing_had_been(base: Database, model: Model) -> None:
    assert await base.fetch("select * from parked") == []
    assert await base.rows(NOTES) == fold_of(base.log.entries, model, Plain())[NOTES]


async def test_what_was_set_aside_is_listed_shard_by_shard(base: Database) -> None:
    bad = note(base, ANA, "raise")
    note(base, ANA, "later")
    other = note(base, BEN, "raise")
    await base.consume(FAULTY, PARTITION)
    ana, ben = await parked(base)
    assert (ana.shard, ana.offset, ana.records) == (str(ANA), bad, 2)
    assert "ZeroDivisionError" in ana.reason
    assert (ben.shard, ben.offset, ben.records) == (str(BEN), other, 1)


async def test_once_mended_all_of_a_shard_is_applied_in_order(base: Database) -> None:
    note(base, ANA, "first")
    note(base, ANA, "raise")
    note(base, BEN, "raise")
    for step in range(3):
        note(base, ANA, f"later {step}")
    await base.consume(FAULTY, PARTITION)
    ana, ben = await parked(base)
    outcome = await retrying(base, MENDED).shard(ana.place)
    assert (outcome.applied, outcome.reason) == (4, "")
    assert [one.place for one in await parked(base)] == [ben.place]
    await retrying(base, MENDED).shard(ben.place)
    await assert_as_if_nothing_had_been(base, MENDED)


async def test_one_record_can_be_tried_alone(base: Database) -> None:
    note(base, ANA, "raise")
    waits = note(base, ANA, "later")
    await base.consume(FAULTY, PARTITION)
    outcome = await retrying(base, MENDED).shard((await first(base)).place, at_most=1)
    assert (outcome.applied, outcome.reason) == (1, "")
    [left] = await parked(base)
    assert (left.offset, left.records, left.reason) == (waits, 1, "")
    note(base, ANA, "still behind it")
    await base.consume(MENDED, PARTITION)
    assert (await parked(base))[0].records == 2


async def test_what_fails_again_stays_with_the_new_reason(base: Database) -> None:
    bad = note(base, ANA, "raise")
    note(base, ANA, "later")
    await base.consume(FAULTY, PARTITION)
    place = (await first(base)).place
    outcome = await retrying(base, MENDED_BADLY).shard(place)
    assert (outcome.applied, outcome.offset) == (0, bad)
    [left] = await parked(base)
    assert "KeyError" in outcome.reason
    assert (left.reason, left.records) == (outcome.reason, 2)
    await retrying(base, MENDED).shard(place)
    await assert_as_if_nothing_had_been(base, MENDED)


async def test_what_postgres_refuses_stays_and_what_came_before_it_is_applied(
    base: Database,
) -> None:
    applied = note(base, ANA, "raise")
    bad = note(base, ANA, "nul")
    note(base, ANA, "later")
    await base.consume(FAULTY, PARTITION)
    outcome = await retrying(base, MENDED).shard((await first(base)).place)
    assert (outcome.applied, outcome.offset) == (1, bad)
    [left] = await parked(base)
    assert (left.offset, left.records, left.reason) == (bad, 2, outcome.reason)
    assert [row["last"] for row in (await base.rows(NOTES)).values()] == [applied]


async def test_a_worker_that_went_on_sees_that_the_shard_is_free(base: Database) -> None:
    note(base, ANA, "raise")
    await base.consume(FAULTY, PARTITION)
    worker = base.subscriber(MENDED)
    await worker.resume(PARTITION)
    await retrying(base, MENDED).shard((await first(base)).place)
    note(base, ANA, "later")
    reads = read(base.log.entries[PARTITION])
    with pytest.raises(Overtaken):
        await worker.consume(PARTITION, reads)
    await worker.resume(PARTITION)
    await worker.consume(PARTITION, reads)
    await assert_as_if_nothing_had_been(base, MENDED)


async def test_two_who_retry_and_a_worker_apply_each_record_once_in_order(base: Database) -> None:
    chance = random.Random(5)
    people = [ANA, BEN, CLO]
    for step in range(60):
        person = chance.choice(people)
        note(base, person, "raise" if chance.random() < 0.2 else f"{step}")
    await base.consume(FAULTY, PARTITION)
    places = [one.place for one in await parked(base)]
    assert len(places) == 3

    async def work() -> None:
        for step in range(40):
            note(base, chance.choice(people), f"new {step}")
            worker = base.subscriber(MENDED)
            await worker.resume(PARTITION)
            try:
                await worker.consume(PARTITION, read(base.log.entries[PARTITION]))
            except Overtaken:
                continue

    async def retry() -> None:
        for place in places * 2:
            await retrying(base, MENDED).shard(place)

    await asyncio.gather(work(), retry(), retry())
    await base.consume(MENDED, PARTITION)
    await retry()
    await assert_as_if_nothing_had_been(base, MENDED)


async def test_a_dropped_record_is_passed_over_and_stays_on_the_list_of_those(
    base: Database,
) -> None:
    note(base, ANA, "first")
    bad = note(base, ANA, "raise")
    later = note(base, ANA, "later")
    await base.consume(FAULTY, PARTITION)
    one = await first(base)
    await retrying(base, FAULTY).drop(one, "ana@desk", "a test of last week")
    outcome = await retrying(base, FAULTY).shard(one.place)
    assert (outcome.applied, outcome.reason) == (1, "")
    assert [row["last"] for row in (await base.rows(NOTES)).values()] == [later]
    async with base.pool.connection() as connection:
        [gone] = await parking.dropped(connection)
    assert (gone.offset, gone.dropped_by, gone.why) == (bad, "ana@desk", "a test of last week")
    assert "ZeroDivisionError" in gone.reason


async def test_only_the_first_of_a_shard_can_be_dropped(base: Database) -> None:
    note(base, ANA, "raise")
    waits = note(base, ANA, "later")
    await base.consume(FAULTY, PARTITION)
    async with base.pool.connection() as connection:
        behind = await parking.record(connection, "notes", PARTITION, waits)
    assert behind is not None
    with pytest.raises(LookupError):
        await retrying(base, FAULTY).drop(behind, "ana", "no")
    assert (await parked(base))[0].records == 2


async def test_another_version_than_the_live_one_is_not_used(base: Database) -> None:
    note(base, ANA, "raise")
    await base.consume(FAULTY, PARTITION)
    with pytest.raises(Halted, match="live version"):
        await retrying(base, replace(MENDED, version=2)).shard((await first(base)).place)


async def test_a_build_that_is_live_no_more_is_left_alone(base: Database) -> None:
    note(base, ANA, "raise")
    await base.consume(FAULTY, PARTITION)
    place = replace((await first(base)).place, build=2)
    async with base.pool.connection() as connection, connection.transaction():
        with pytest.raises(Overtaken):
            await parking.hold(connection, place)


async def test_another_log_is_noticed(base: Database) -> None:
    bad = note(base, ANA, "raise")
    await base.consume(FAULTY, PARTITION)
    note(base, BEN, "other")
    entries = base.log.entries[PARTITION]
    entries[bad] = replace(entries.pop(), offset=bad)
    with pytest.raises(Halted, match="another log"):
        await retrying(base, MENDED).shard((await first(base)).place)
