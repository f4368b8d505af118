"""The database comes to the same rows as the fold in memory, however the log was cut up."""

import random
from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest

from events.topics import Partition
from infra.worker import progress
from projections.model import Model, tables_of
from projections.models import MODELS
from projections.tables import Key, Row, Table
from tests.infra.worker.log_in_memory import MemoryLog, Plain
from tests.projections.databases import Database, database
from tests.projections.histories import any_event, fold_of
from tests.stack import Stack

PARTITIONS = (Partition("people", 0), Partition("people", 1))
PEOPLE = {
    partition: [UUID(int=100 * partition.number + number) for number in range(1, 5)]
    for partition in PARTITIONS
}
EVERYBODY = [person for people in PEOPLE.values() for person in people]


def write_history(log: MemoryLog, chance: random.Random, decisions: int) -> None:
    """Random decisions in all partitions, with zombies' and damaged records between them."""
    for partition in PARTITIONS:
        log.claim(partition)
    for _ in range(decisions):
        partition = chance.choice(PARTITIONS)
        person = chance.choice(PEOPLE[partition])
        events = [any_event(chance, person, EVERYBODY) for _ in range(chance.randint(1, 3))]
        match chance.randrange(20):
            case 0:
                log.decide(partition, *events, shard=str(person), epoch=UUID(int=0xDEAD))
            case 1:
                log.append_value(partition, b"foreign")
            case _:
                log.decide(partition, *events, shard=str(person))


def cuts(chance: random.Random, length: int) -> Iterator[tuple[int, int]]:
    """Stretches that cover everything, some of it twice."""
    start = 0
    while start < length:
        stop = min(length, start + chance.choice([1, 2, 7, 60]))
        yield max(0, start - chance.choice([0, 0, 3])), stop
        start = stop


async def consume_in_pieces(base: Database, model: Model, chance: random.Random) -> None:
    """Batches of random sizes, partitions interleaved, some delivered again, workers replaced."""
    pieces = {
        partition: list(cuts(chance, len(base.log.entries[partition]))) for partition in PARTITIONS
    }
    subscriber = base.subscriber(model)
    for partition in PARTITIONS:
        await subscriber.resume(partition)
    while any(pieces.values()):
        partition = chance.choice([one for one in PARTITIONS if pieces[one]])
        start, stop = pieces[partition].pop(0)
        reads = progress.read(base.log.entries[partition][start:stop])
        await subscriber.consume(partition, reads)
        if chance.random() < 0.2:
            assert await subscriber.consume(partition, reads) == stop
        if chance.random() < 0.1:
            subscriber = base.subscriber(model)
            for each in PARTITIONS:
                await subscriber.resume(each)


async def contents(base: Database, tables: Sequence[Table]) -> dict[Table, dict[Key, Row]]:
    return {table: await base.rows(table) for table in tables}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
async def test_sql_in_any_pieces_equals_the_fold_in_memory(
    stack: Stack, model: Model, seed: int
) -> None:
    chance = random.Random(seed)
    async with database(stack.settings(), model) as base:
        write_history(base.log, chance, decisions=250)
        await consume_in_pieces(base, model, chance)
        expected = fold_of(base.log.entries, model, Plain())
        assert await contents(base, tables_of(model)) == expected
        assert all(expected.values()), "a table that stays empty proves nothing"
