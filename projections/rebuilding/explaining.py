"""One row of a live build explained from the log, as far as the build has folded it."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from psycopg import sql

from events.topics import Partition
from infra.log.port import ReadableLog
from infra.postgres.pool import Pool
from infra.worker.builds import Connection
from projections.explaining import Traced, Watched, differing, joined, partitions_of
from projections.model import Model
from projections.rebuilding.jobs import RowJob, Runner
from projections.rebuilding.standing import Standing, live_build, require_same_log, standing
from projections.rebuilding.telling_rows import RowTask
from projections.rebuilding.verifying import Watch, snapshot
from projections.tables import Key, Row, Table, column_names, stored_name


class Explanation(Struct, frozen=True):
    """One row: as stored (more than once, if it is doubled), as the log has it, and how it came.

    `differing` are the columns in which the two differ, all of them if one is not there.
    """

    stand: Standing
    stored: Sequence[Row]
    folded: Row | None
    differing: tuple[str, ...]
    traced: Mapping[Partition, Traced]

    @property
    def agrees(self) -> bool:
        """Whether the row is there as the log has it, or not there as the log has it."""
        return not self.differing and len(self.stored) <= 1 and not self.failures

    @property
    def failures(self) -> list[str]:
        """Why partitions could not be folded."""
        return [each.failure for each in self.traced.values() if each.failure]

    @property
    def personal(self) -> frozenset[str]:
        """The columns that hold people's own words."""
        return frozenset().union(*(each.personal for each in self.traced.values()))


async def explained(
    model: Model, table: Table, key: Key, pool: Pool, log: ReadableLog, crew: Runner, watch: Watch
) -> Explanation:
    """The row with that key in the live build, explained as of the build's checkpoints.

    Raises `Halted` without a live build of this version or on another log, `JobFailed`,
    `LogUnavailable`, psycopg's errors.
    """
    async with snapshot(pool) as connection:
        stand = await standing(connection, model, await live_build(connection, model))
        await require_same_log(stand, log)
        stored = await _stored(connection, table, stand.build.number, key)
    partitions = partitions_of(table, key, sorted(stand.checkpoints))
    jobs = [
        RowJob(
            partition,
            RowTask(
                model,
                table,
                key,
                stand.checkpoints[partition].offset + 1,
                stand.parked.get(partition, frozenset()),
                stand.dropped.get(partition, frozenset()),
            ),
        )
        for partition in partitions
    ]
    watch.begin("folding the log", sum(job.task.stop for job in jobs))
    traced = await _traced(crew, jobs, watch)
    watch.end()
    tally = Watched(model, table, key).tally
    folded = joined(table, tally, traced.values())
    found = differing(stored[0] if stored else None, folded, tally)
    return Explanation(stand, stored, folded, found, traced)


async def _traced(crew: Runner, jobs: Sequence[RowJob], watch: Watch) -> dict[Partition, Traced]:
    found: dict[Partition, Traced] = {}
    for job, answer in zip(jobs, await crew.run(jobs, watch.advance), strict=True):
        assert isinstance(answer, Traced)
        found[job.partition] = answer
    return found


async def _stored(connection: Connection, table: Table, build: int, key: Key) -> list[Row]:
    """The rows with that key: one, unless somebody took the key away from the table."""
    names = column_names(table)
    query = sql.SQL("select {} from {} where {}").format(
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.Identifier(stored_name(table, build)),
        sql.SQL(" and ").join(sql.SQL("{} = %s").format(sql.Identifier(one)) for one in table.key),
    )
    cursor = await connection.execute(query, key)
    return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]
