"""A model folded slice by slice comes to what it comes to at once, also share by share."""

import random
from collections.abc import Iterable
from typing import cast
from uuid import UUID
from weakref import WeakSet

import pytest

from events.graph import FollowEstablished
from events.posts import Audience, PostEdited, PostPublished
from events.topics import Partition
from infra.log.port import BulkLog
from infra.postgres.pool import Pool
from infra.worker.progress import Accepted, Checkpoint
from projections.folding import wanted_types
from projections.memory import Holding, Rows
from projections.model import Model, tables_of
from projections.models import MODELS
from projections.models.graph import FOLLOWS
from projections.models.graph import MODEL as GRAPH_MODEL
from projections.models.posts import MODEL as POSTS_MODEL
from projections.models.posts import POST_EDITS
from projections.rebuilding import shadow as module
from projections.rebuilding.filling import Filler, FillTask
from projections.rebuilding.fills import Fill
from projections.rebuilding.scattering import Scattering
from projections.rebuilding.shadow import Shadow
from projections.rebuilding.slices import Slices
from projections.rebuilding.telling import Teller, TellTask, Told
from projections.rebuilding.tools import Tools
from projections.tables import Key, Row, Table
from tests.infra.worker.log_in_memory import MemoryLog, Plain
from tests.projections.folding import ANA
from tests.projections.histories import fold_of
from tests.projections.test_sql_equals_memory import partitions_of, write_history


async def scattered(log: MemoryLog, model: Model, partition: Partition, slices: Slices) -> int:
    scattering = Scattering(
        cast("BulkLog", log), partition, slices, wanted_types(model), lambda _records: None
    )
    checkpoint = await scattering.read_to(await log.end(partition))
    return checkpoint.offset + 1


async def folded(
    log: MemoryLog, model: Model, partition: Partition, count: int
) -> dict[Table, dict[Key, Row]]:
    """All rows, summed up over slices and shares; no row but a tally's may come twice."""
    found: dict[Table, dict[Key, Row]] = {table: {} for table in tables_of(model)}
    counts = {tally.table: tally.count for tally in model.tallies}
    with Slices(count) as slices:
        stop = await scattered(log, model, partition, slices)
        shadow = Shadow(model, partition, stop, Plain())
        for number in range(count):
            async for rows in shadow.fold(slices, number):
                for table in model.tables:
                    for key, row in rows.kept(table):
                        assert key not in found[table]
                        found[table][key] = row
                for tally in model.tallies:
                    for key, n in rows.counted(tally).items():
                        before = found[tally.table].get(key, {})
                        total = cast("int", before.get(tally.count, 0)) + n
                        named = dict(zip(tally.table.key, key, strict=True))
                        found[tally.table][key] = named | {tally.count: total}
    return {
        table: {key: row for key, row in rows.items() if table not in counts or row[counts[table]]}
        for table, rows in found.items()
    }


@pytest.fixture(params=[10_000, 40, 9], ids=["at once", "some shares", "many shares"])
def share_records(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    records = cast("int", request.param)
    monkeypatch.setattr(module, "SHARE_RECORDS", records)
    return records


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
async def test_slices_and_shares_come_to_the_fold_at_once(
    model: Model, seed: int, share_records: int
) -> None:
    log = MemoryLog()
    write_history(log, partitions_of(model), random.Random(seed), decisions=300)
    for partition in partitions_of(model):
        expected = fold_of({partition: log.entries[partition]}, model, Plain())
        for count in (1, 3):
            assert await folded(log, model, partition, count) == expected


async def test_rows_that_are_made_of_others_are_found_for_every_share(share_records: int) -> None:
    log, partition = MemoryLog(), Partition("posts", 0)
    log.claim(partition)
    post, public = UUID(int=7), Audience.PUBLIC
    log.decide(partition, PostPublished(post_id=post, author_id=ANA, body="0", audience=public))
    for number in range(1, 31):
        log.decide(partition, PostEdited(post_id=post, author_id=ANA, body=str(number)))
    found = await folded(log, POSTS_MODEL, partition, 1)
    assert found == fold_of({partition: log.entries[partition]}, POSTS_MODEL, Plain())
    assert {row["body"] for row in found[POST_EDITS].values()} == set(map(str, range(30)))


async def test_a_decision_is_read_at_most_twice_however_many_shares_there_are(
    share_records: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    class Counted(Slices):
        def decisions(self, number: int) -> Iterable[Accepted]:
            for one in super().decisions(number):
                read.append(one.offset)
                yield one

    monkeypatch.setattr(module, "Slices", Counted)
    log, partition = MemoryLog(), Partition("people", 0)
    log.claim(partition)
    for number in range(1, 201):
        log.decide(partition, FollowEstablished(target_id=ANA, follower_id=UUID(int=number)))
    found = await folded(log, GRAPH_MODEL, partition, 1)
    assert len(found[FOLLOWS]) == 200
    # Counted are those of shares but the first: the slice itself is read once more.
    assert len(set(read)) == len(read) < 200
    assert bool(read) == (share_records < 200)


@pytest.mark.parametrize("telling", [True, False], ids=["telling", "filling"])
async def test_one_share_of_the_rows_is_in_memory_at_a_time(
    telling: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: WeakSet[Rows] = WeakSet()
    made = 0

    class Counted(Rows):
        def __init__(self, model: Model, partition: Partition, share: Holding) -> None:
            nonlocal made
            assert not alive
            alive.add(self)
            made += 1
            super().__init__(model, partition, share)

    monkeypatch.setattr(module, "Rows", Counted)
    monkeypatch.setattr(module, "SHARE_RECORDS", 9)
    log, partition = MemoryLog(), Partition("people", 0)
    log.claim(partition)
    for number in range(1, 31):
        log.decide(partition, FollowEstablished(target_id=ANA, follower_id=UUID(int=number)))
    with Slices(1) as slices:
        stop = await scattered(log, GRAPH_MODEL, partition, slices)
        if telling:
            shadow = Shadow(GRAPH_MODEL, partition, stop, Plain())
            await Teller(TellTask(GRAPH_MODEL, stop), shadow, Told()).take(slices, 0)
        else:
            # It is not the last slice, so that nothing is copied yet.
            task = FillTask(GRAPH_MODEL, 1, Fill(partition, stop, slices=2))
            tools = Tools(cast("Pool", None), cast("BulkLog", log), Plain(), lambda _records: None)
            await Filler(task, tools, Checkpoint()).fill(slices, 0)
    assert made == 4
