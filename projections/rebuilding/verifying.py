"""Verifying: what builds hold, compared with the log folded to exactly where they stand.

Rows, checkpoints and parked records are looked at in one snapshot of the database, while workers go
on. Contents are compared bucket by bucket; the rows of buckets that differ are compared one by one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from msgspec import Struct

from events.topics import Partition
from infra.log.port import ReadableLog
from infra.postgres.pool import Pool
from infra.worker.builds import Connection, Known
from infra.worker.progress import Halted
from projections.contents import Contents
from projections.model import Model
from projections.rebuilding.comparing import Comparison, Verdict, stored_contents
from projections.rebuilding.jobs import Runner, TellJob
from projections.rebuilding.standing import (
    Standing,
    live_build,
    require_same_log,
    require_version,
    standing,
)
from projections.rebuilding.telling import TellTask, Told


class Watch(Protocol):
    """Who is told how far the work is."""

    def begin(self, name: str, total: int) -> None:
        """The next step, of `total` records."""
        ...

    def advance(self, count: int) -> None:
        """So many records more are done."""
        ...

    def end(self) -> object:
        """The step is over."""
        ...


class Wanted(Struct, frozen=True):
    """A model to verify: the build given, else the live one."""

    model: Model
    build: Known | None = None


async def verified(
    wanted: Sequence[Wanted], pool: Pool, log: ReadableLog, crew: Runner, watch: Watch
) -> list[Verdict]:
    """A verdict for each, in the same order.

    Raises `JobFailed`, `LogUnavailable`, psycopg's errors.
    """
    async with snapshot(pool) as connection:
        found = [await _standing(connection, one, log) for one in wanted]
        stands = [one for one in found if isinstance(one, Standing)]
        watch.begin("folding the log", 2 * _records(stands))
        # While the crew folds the log, the database tells what it holds.
        folded, stored = await asyncio.gather(
            _folded(crew, _jobs(stands, {}), watch.advance), _stored(connection, stands)
        )
        watch.end()
        comparisons = [
            Comparison(one, folded.get(one.model.name, {}), stored[one.model.name])
            for one in stands
        ]
        suspects = {one.stand.model.name: one.suspects for one in comparisons if one.suspects}
        if suspects:
            suspected = [one for one in stands if one.model.name in suspects]
            watch.begin("comparing rows", 2 * _records(suspected))
            again = await _folded(crew, _jobs(suspected, suspects), watch.advance)
            for one in comparisons:
                if one.suspects:
                    await one.look(connection, again[one.stand.model.name])
            watch.end()
    verdicts = {one.stand.model.name: one.verdict() for one in comparisons}
    return [one if isinstance(one, Verdict) else verdicts[one.model.name] for one in found]


@asynccontextmanager
async def snapshot(pool: Pool) -> AsyncIterator[Connection]:
    """A connection that sees the database at one moment, however long it takes."""
    async with pool.connection() as connection, connection.transaction():
        await connection.execute("set transaction isolation level repeatable read, read only")
        await connection.execute("set local statement_timeout = 0")
        yield connection


async def _standing(connection: Connection, wanted: Wanted, log: ReadableLog) -> Standing | Verdict:
    model = wanted.model
    number = 0
    try:
        build = wanted.build or await live_build(connection, model)
        number = build.number
        require_version(model, build)
        stand = await standing(connection, model, build)
        await require_same_log(stand, log)
    except Halted as reason:
        return Verdict(model.name, number, failure=str(reason))
    return stand


def _records(stands: Sequence[Standing]) -> int:
    ends: dict[Partition, int] = {}
    for stand in stands:
        for partition, checkpoint in stand.checkpoints.items():
            ends[partition] = max(ends.get(partition, 0), checkpoint.offset + 1)
    return sum(ends.values())


def _jobs(
    stands: Sequence[Standing], buckets: Mapping[str, Mapping[str, frozenset[int]]]
) -> list[TellJob]:
    """One for each partition; the rows of `buckets` are told, by model and table."""
    tasks: dict[Partition, list[TellTask]] = {}
    for stand in stands:
        for partition, checkpoint in stand.checkpoints.items():
            task = TellTask(
                stand.model,
                checkpoint.offset + 1,
                stand.parked.get(partition, frozenset()),
                buckets.get(stand.model.name, {}),
            )
            tasks.setdefault(partition, []).append(task)
    return [TellJob(partition, each) for partition, each in sorted(tasks.items())]


async def _folded(
    crew: Runner, jobs: Sequence[TellJob], advance: Callable[[int], None]
) -> dict[str, dict[Partition, Told]]:
    """What every partition of every model comes to."""
    found: dict[str, dict[Partition, Told]] = {
        task.model.name: {} for job in jobs for task in job.tasks
    }
    answers = await crew.run(jobs, advance)
    for job, answer in zip(jobs, answers, strict=True):
        assert isinstance(answer, dict)
        for name, told in answer.items():
            found[name][job.partition] = told
    return found


async def _stored(
    connection: Connection, stands: Sequence[Standing]
) -> dict[str, dict[str, Contents]]:
    return {
        stand.model.name: await stored_contents(connection, stand.model, stand.build.number)
        for stand in stands
    }
