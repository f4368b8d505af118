"""The database comes to the same rows as the fold in memory, however the log was cut up."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest

from events.accounts import VisibilityChanged
from events.event import Event
from events.posts import CommentDeleted, PostDeleted
from events.topics import Partition
from infra.worker import progress
from infra.worker.group_commit import GroupCommit
from projections.model import Model, tables_of
from projections.models import MODELS
from projections.tables import Key, Row, Table
from tests.infra.worker.log_in_memory import MemoryLog, Plain
from tests.projections.databases import Database, database
from tests.projections.histories import any_event, any_position, any_post_event, fold_of
from tests.stack import Stack

TOPICS = ("people", "posts")
SHARDS = {
    Partition(topic, number): [UUID(int=100 * number + shard) for shard in range(1, 5)]
    for topic in TOPICS
    for number in range(2)
}
EVERYBODY = [UUID(int=100 * number + person) for number in range(2) for person in range(1, 5)]


def partitions_of(model: Model) -> list[Partition]:
    topics = {topic.name for topic in model.topics}
    return [partition for partition in SHARDS if partition.topic in topics]


ALONE = (VisibilityChanged, PostDeleted, CommentDeleted)
"""What may touch any number of rows, and so makes a transaction of its own."""


def write_history(
    log: MemoryLog,
    partitions: Sequence[Partition],
    chance: random.Random,
    decisions: int,
    without: tuple[type[Event], ...] = (),
) -> None:
    """Random decisions in the partitions, with zombies' and damaged records between them."""
    for partition in partitions:
        log.claim(partition)
    for _ in range(decisions):
        partition = chance.choice(partitions)
        shard = chance.choice(SHARDS[partition])
        anything = any_event if partition.topic == "people" else any_post_event
        events = [anything(chance, shard, EVERYBODY) for _ in range(chance.randint(1, 3))]
        events = [event for event in events if not isinstance(event, without)]
        match chance.randrange(20):
            case _ if not events:
                continue
            case 0:
                log.decide(partition, *events, shard=str(shard), epoch=UUID(int=0xDEAD))
            case 1:
                log.append_value(partition, b"foreign")
            case _:
                after = any_position(chance)
                log.decide(partition, *events, shard=str(shard), after=after)


def cuts(chance: random.Random, length: int) -> Iterator[tuple[int, int]]:
    """Stretches that cover everything, some of it twice."""
    start = 0
    while start < length:
        stop = min(length, start + chance.choice([1, 2, 7, 60]))
        yield max(0, start - chance.choice([0, 0, 3])), stop
        start = stop


async def consume_in_pieces(base: Database, model: Model, chance: random.Random) -> None:
    """Batches of random sizes, partitions interleaved, some delivered again, workers replaced."""
    partitions = partitions_of(model)
    pieces = {
        partition: list(cuts(chance, len(base.log.entries[partition]))) for partition in partitions
    }
    subscriber = base.subscriber(model)
    for partition in partitions:
        await subscriber.resume(partition)
    while any(pieces.values()):
        partition = chance.choice([one for one in partitions if pieces[one]])
        start, stop = pieces[partition].pop(0)
        reads = progress.read(base.log.entries[partition][start:stop])
        await subscriber.consume(partition, reads)
        if chance.random() < 0.2:
            assert await subscriber.consume(partition, reads) == stop
        if chance.random() < 0.1:
            subscriber = base.subscriber(model)
            for each in partitions:
                await subscriber.resume(each)


async def consume_together(base: Database, model: Model, chance: random.Random) -> None:
    """Partitions side by side, so that one transaction has what came to several of them."""
    partitions = partitions_of(model)
    pieces = {
        partition: list(cuts(chance, len(base.log.entries[partition]))) for partition in partitions
    }
    subscriber = base.subscriber(model, together=GroupCommit(base.pool))
    for partition in partitions:
        await subscriber.resume(partition)

    async def next_piece(partition: Partition) -> None:
        start, stop = pieces[partition].pop(0)
        reads = progress.read(base.log.entries[partition][start:stop])
        await subscriber.consume(partition, reads)

    while any(pieces.values()):
        await asyncio.gather(*(next_piece(one) for one in partitions if pieces[one]))


async def contents(base: Database, tables: Sequence[Table]) -> dict[Table, dict[Key, Row]]:
    return {table: await base.rows(table) for table in tables}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
async def test_sql_in_any_pieces_equals_the_fold_in_memory(
    stack: Stack, model: Model, seed: int
) -> None:
    chance = random.Random(seed)
    async with database(stack.settings(), model) as base:
        write_history(base.log, partitions_of(model), chance, decisions=250)
        await consume_in_pieces(base, model, chance)
        expected = fold_of(base.log.entries, model, Plain())
        assert await contents(base, tables_of(model)) == expected
        assert all(expected.values()), "a table that stays empty proves nothing"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
async def test_what_partitions_write_together_equals_the_fold_in_memory(
    stack: Stack, model: Model, seed: int
) -> None:
    chance = random.Random(seed)
    async with database(stack.settings(), model) as base:
        write_history(base.log, partitions_of(model), chance, 250, without=ALONE)
        await consume_together(base, model, chance)
        assert await contents(base, tables_of(model)) == fold_of(base.log.entries, model, Plain())
