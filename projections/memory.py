"""The rows of one partition in memory: what the operations mean, without a database.

Rebuilding folds the log with it before it copies the rows, and verifying compares the database
with it; SQL must come to the same rows (`projections.statements`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import assert_never

from events.topics import Partition
from projections.model import Model
from projections.operations import (
    Delete,
    DeleteWhere,
    Keep,
    Operation,
    Update,
    UpdateWhere,
    Upsert,
    row_key,
)
from projections.tables import Key, Row, Table, Tally, changed, key_of

PARTITION_COLUMN = "partition"


class Rows:
    """All rows of a model that come from one partition, and their tallies."""

    def __init__(self, model: Model, partition: Partition) -> None:
        self._partition = str(partition)
        self._rows: dict[Table, dict[Key, Row]] = {table: {} for table in model.tables}
        self._tallies = model.tallies
        self._counts: dict[Tally, dict[Key, int]] = {tally: {} for tally in model.tallies}
        self._lookups: dict[tuple[Table, str], dict[object, set[Key]]] = {}

    def apply(self, operations: Iterable[Operation]) -> None:
        """Run the operations in order."""
        for operation in operations:
            match operation:
                case Upsert(table, row):
                    self._put(table, row_key(operation), dict(row))
                case Update(table, _, values):
                    self._change(table, row_key(operation), values)
                case Delete(table):
                    self._put(table, row_key(operation), None)
                case UpdateWhere(table, where, values):
                    for key in self._matching(table, where):
                        self._change(table, key, values)
                case DeleteWhere(table, where):
                    for key in self._matching(table, where):
                        self._put(table, key, None)
                case Keep():
                    self._keep(operation)
                case unknown:
                    assert_never(unknown)

    def of(self, table: Table) -> dict[Key, Row]:
        """The rows of a table by key; of a tally's table those that count something."""
        for tally in self._tallies:
            if tally.table == table:
                return dict(self._counted(tally))
        return self._rows[table]

    def _counted(self, tally: Tally) -> Iterator[tuple[Key, Row]]:
        for key, count in self._counts[tally].items():
            row = {**dict(zip(tally.table.key, key, strict=True)), tally.count: count}
            yield key_of(tally.table, row), row

    def _change(self, table: Table, key: Key, values: Row) -> None:
        if key in self._rows[table]:
            self._put(table, key, changed(table, self._rows[table][key], values))

    def _keep(self, operation: Keep) -> None:
        kept = self._rows[operation.source].get(key_of(operation.source, operation.key))
        if kept is not None:
            row = operation.row | {name: kept[name] for name in operation.columns}
            self._put(operation.table, key_of(operation.table, row), row)

    def _put(self, table: Table, key: Key, row: Row | None) -> None:
        before = self._rows[table].pop(key, None)
        if row is not None:
            self._rows[table][key] = row
        for tally in self._tallies:
            if tally.of == table:
                self._count(tally, before, -1)
                self._count(tally, row, +1)
        for (indexed, column), keys in self._lookups.items():
            if indexed == table:
                if before is not None:
                    keys[before[column]].discard(key)
                if row is not None:
                    keys[row[column]].add(key)

    def _count(self, tally: Tally, row: Row | None, step: int) -> None:
        if row is None or any(row[name] != value for name, value in tally.where):
            return
        key = tuple(row[name] for name in tally.by)
        if None in key:
            return
        if PARTITION_COLUMN in tally.table.key:
            key = (*key, self._partition)
        counts = self._counts[tally]
        counts[key] = counts.get(key, 0) + step
        if not counts[key]:
            del counts[key]

    def _matching(self, table: Table, where: Row) -> list[Key]:
        """The keys of rows that equal `where`, found by its first column."""
        column, value = next(iter(where.items()))
        candidates = self._lookup(table, column).get(value, ())
        rows = self._rows[table]
        return [
            key
            for key in candidates
            if all(rows[key][name] == wanted for name, wanted in where.items())
        ]

    def _lookup(self, table: Table, column: str) -> dict[object, set[Key]]:
        # Made at the first question, then kept up: most models never ask one.
        found = self._lookups.get((table, column))
        if found is None:
            found = defaultdict(set)
            for key, row in self._rows[table].items():
                found[row[column]].add(key)
            self._lookups[table, column] = found
        return found
