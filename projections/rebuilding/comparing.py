"""One build held against what the log comes to: first by contents, then by rows."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from msgspec import Struct

from events.topics import Partition
from infra.worker.builds import Connection
from infra.worker.progress import Checkpoint
from projections.contents import Contents, contents_query, rows_query, told_by
from projections.model import Model, tables_of
from projections.rebuilding.differences import Difference, differences, unnamed
from projections.rebuilding.standing import Standing
from projections.rebuilding.telling import Told, added
from projections.tables import Key, Row, Table, Tally, column_names

DIFFERENCES_MAX: Final = 100
"""Rows that are named for each table; of more it is only known that there are some."""

COMPARED_ROWS_MAX: Final = 50_000
"""Rows of a table that are compared one by one: enough to see what is the matter."""

Folded = Mapping[Partition, Told]
"""What the model's partitions come to."""


class Verdict(Struct, frozen=True):
    """What was found of one model: `clean` if its rows are exactly what the log comes to.

    `positions` is where it was verified, by partition. `buckets` is how many of its buckets of keys
    differ, `differences` the rows that could be named. `failure` says why it could not be verified.
    """

    model: str
    build: int
    clean: bool = False
    rows: int = 0
    positions: dict[str, int] = {}
    buckets: int = 0
    differences: tuple[Difference, ...] = ()
    failure: str = ""


class Comparison:
    """Compares one build; `stored` is what its tables hold, by name."""

    def __init__(self, stand: Standing, folded: Folded, stored: Mapping[str, Contents]) -> None:
        self.stand = stand
        self._failure = _failure(stand, folded)
        self._stored = stored
        self._differing: dict[Table, list[int]] = {}
        self._found: list[Difference] = []
        if not self._failure:
            for table in tables_of(stand.model):
                expected = Contents()
                for told in folded.values():
                    expected.include(told.contents[table.name])
                if buckets := expected.differing(stored[table.name]):
                    self._differing[table] = buckets

    @property
    def suspects(self) -> dict[str, frozenset[int]]:
        """The buckets whose rows are worth a look, by table: not more than that takes."""
        return {
            table.name: frozenset(_first(buckets, self._stored[table.name]))
            for table, buckets in self._differing.items()
        }

    async def look(self, connection: Connection, folded: Folded) -> None:
        """Compare the rows of suspects; `connection` sees the tables as they were."""
        tallies = {tally.table: tally for tally in self.stand.model.tallies}
        for table in self._differing:
            tally = tallies.get(table)
            query = rows_query(table, self.stand.build.number, tally)
            buckets = sorted(self.suspects[table.name])
            cursor = await connection.execute(query.encode(), {"buckets": buckets})
            names = column_names(table)
            stored = [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]
            expected = _expected(table, tally, folded.values())
            found = list(islice(differences(table, expected, stored), DIFFERENCES_MAX))
            self._found += found or [unnamed(table)]

    def verdict(self) -> Verdict:
        """What was found."""
        stand = self.stand
        return Verdict(
            model=stand.model.name,
            build=stand.build.number,
            clean=not self._failure and not self._differing,
            rows=sum(sum(self._stored[table.name].counts) for table in stand.model.tables),
            positions={str(one): point.offset for one, point in stand.checkpoints.items()},
            buckets=sum(map(len, self._differing.values())),
            differences=tuple(self._found),
            failure=self._failure,
        )


async def stored_contents(connection: Connection, model: Model, build: int) -> dict[str, Contents]:
    """What the build's tables hold, by name, as the transaction sees them."""
    tallies = {tally.table: tally for tally in model.tallies}
    found = {}
    for table in tables_of(model):
        query = contents_query(table, build, tallies.get(table))
        cursor = await connection.execute(query.encode())
        found[table.name] = told_by(await cursor.fetchall())
    return found


def _failure(stand: Standing, folded: Folded) -> str:
    for partition, told in folded.items():
        if told.failure:
            return told.failure
        stored = stand.checkpoints[partition]
        if _place(stored) != _place(told.checkpoint):
            return f"The checkpoint in {partition} is not what the log comes to at {stored.offset}."
    return ""


def _place(checkpoint: Checkpoint) -> tuple[object, ...]:
    return checkpoint.offset, checkpoint.last_id, checkpoint.tenure


def _first(buckets: Iterable[int], contents: Contents) -> list[int]:
    found: list[int] = []
    rows = 0
    for bucket in buckets:
        rows += contents.counts[bucket]
        if found and rows > COMPARED_ROWS_MAX:
            break
        found.append(bucket)
    return found


def _expected(table: Table, tally: Tally | None, folded: Iterable[Told]) -> dict[Key, Row]:
    rows: dict[Key, Row] = {}
    count = tally.count if tally else None
    for told in folded:
        for key, row in told.rows.get(table.name, {}).items():
            rows[key] = added(rows.get(key), row, count)
    return {key: row for key, row in rows.items() if count is None or row[count]}
