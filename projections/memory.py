"""The rows of one partition in memory: what the operations mean, without a database.

Rebuilding folds the log with it before it copies the rows, and verifying compares the database
with it; SQL must come to the same rows (`projections.statements`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol, assert_never

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
)
from projections.tables import Key, Row, Table, Tally, Value, changed, key_of

PARTITION_COLUMN: Final = "partition"


class Holding(Protocol):
    """Which rows are held in memory: everything if `of` is 1, else those that it is asked about."""

    @property
    def of(self) -> int:
        """1 if everything is held."""
        ...

    def includes(self, key: Key) -> bool:
        """Whether a row that is held is told of, and not only there to make others from."""
        ...

    def holds(self, table: Table, key: Key, row: Row | None = None) -> bool:
        """Whether the row with that key, about to be as `row` if it is new, is held."""
        ...

    def require(self, operation: Keep) -> None:
        """Raise unless what the operation makes a row of is held, or the row is not wanted."""
        ...


class Share(NamedTuple):
    """Which part of the rows is kept: those whose key hashes to `number` modulo `of`.

    For folding one after the other what would not fit into memory at once. All rows of the tables
    in `whole` are held with every share, because others are made of them (`Keep`).
    """

    number: int = 0
    of: int = 1
    whole: frozenset[Table] = frozenset()

    def includes(self, key: Key) -> bool:
        """Whether the row with that key is one of this share."""
        return self.of == 1 or self.number_of(key) == self.number

    def number_of(self, key: Key) -> int:
        """Which of the shares the row with that key is in; the same within one process."""
        return hash(key) % self.of

    def holds(self, table: Table, key: Key, row: Row | None = None) -> bool:
        """Whether the row is of this share, or may be needed for others."""
        return table in self.whole or self.includes(key)

    def require(self, operation: Keep) -> None:
        """Raise `NeedsWhole` unless all rows of the source are held."""
        if self.of > 1 and operation.source not in self.whole:
            raise NeedsWhole(operation.source)


EVERYTHING: Final = Share()


class NeedsWhole(RuntimeError):
    """A row is made of one that a share may not hold: hold all rows of `table` with each share."""

    def __init__(self, table: Table) -> None:
        super().__init__(f"Rows are made of those of {table.name}.")
        self.table = table


class Rows:
    """All rows of a model that come from one partition, or a share of them, and their tallies."""

    def __init__(self, model: Model, partition: Partition, share: Holding = EVERYTHING) -> None:
        self._share = share
        self._counting = {tally.table: _Counting(tally, partition) for tally in model.tallies}
        self._contents = {
            table: _Contents(
                share, [one for one in self._counting.values() if one.tally.of == table]
            )
            for table in model.tables
        }

    def apply(self, operations: Iterable[Operation]) -> None:
        """Run the operations in order; raises what `require` raises, with those before applied."""
        share = self._share
        for operation in operations:
            match operation:
                case Upsert(table, row):
                    key = key_of(table, row)
                    if share.of == 1 or share.holds(table, key, row):
                        self._contents[table].put(key, row)
                case Update(table, where, values):
                    self._contents[table].change(key_of(table, where), table, values)
                case Delete(table, where):
                    self._contents[table].remove(key_of(table, where))
                case UpdateWhere(table, where, values):
                    contents = self._contents[table]
                    for key in contents.matching(where):
                        contents.change(key, table, values)
                case DeleteWhere(table, where):
                    contents = self._contents[table]
                    for key in contents.matching(where):
                        contents.remove(key)
                case Keep():
                    self._keep(operation)
                case unknown:
                    assert_never(unknown)

    def of(self, table: Table) -> dict[Key, Row]:
        """The rows of a table by key; of a tally's table those that count something."""
        counting = self._counting.get(table)
        if counting is not None:
            return {
                key: {**dict(zip(table.key, key, strict=True)), counting.tally.count: count}
                for key, count in counting.counts.items()
            }
        return dict(self.kept(table))

    def kept(self, table: Table) -> Iterator[tuple[Key, Row]]:
        """The rows of this share of a table that is no tally's."""
        for key, row in self._contents[table].rows.items():
            if self._share.includes(key):
                yield key, row

    def counted(self, tally: Tally) -> dict[Key, int]:
        """What the rows of this share add to the tally, by the key of its table; never 0."""
        return self._counting[tally.table].counts

    def _keep(self, operation: Keep) -> None:
        self._share.require(operation)
        source = key_of(operation.source, operation.key)
        kept = self._contents[operation.source].rows.get(source)
        if kept is not None:
            row = operation.row | {name: kept[name] for name in operation.columns}
            key = key_of(operation.table, row)
            if self._share.holds(operation.table, key, row):
                self._contents[operation.table].put(key, row)


class _Counting:
    """A tally of the rows that were put and not taken away again."""

    def __init__(self, tally: Tally, partition: Partition) -> None:
        self.tally = tally
        self.counts: dict[Key, int] = {}
        by_partition = PARTITION_COLUMN in tally.table.key
        self._partition: Key = (str(partition),) if by_partition else ()

    def count(self, row: Row, step: int) -> None:
        """Take the row in (1), or out (-1)."""
        tally = self.tally
        for name, value in tally.where:
            if row[name] != value:
                return
        by = tuple([row[name] for name in tally.by])
        if None in by:
            return
        key = by + self._partition
        count = self.counts.get(key, 0) + step
        if count:
            self.counts[key] = count
        else:
            del self.counts[key]


class _Contents:
    """The rows of one table, those who count them, and indexes of columns that were asked for."""

    def __init__(self, share: Holding, counting: Sequence[_Counting]) -> None:
        self.rows: dict[Key, Row] = {}
        self._share = share
        self._counting = counting
        self._indexes: dict[str, defaultdict[Value, set[Key]]] = {}

    def put(self, key: Key, row: Row) -> None:
        """Put the row in the place of whatever has its key."""
        # One look for a new row: to hash a key of UUIDs takes as long as all the rest.
        size = len(self.rows)
        before = self.rows.setdefault(key, row)
        if len(self.rows) == size:
            self.rows[key] = row
            self._note(key, before, -1)
        self._note(key, row, 1)

    def change(self, key: Key, table: Table, values: Row) -> None:
        """Change the row with that key, if there is one."""
        before = self.rows.get(key)
        if before is not None:
            self.put(key, changed(table, before, values))

    def remove(self, key: Key) -> None:
        """Remove the row with that key, if there is one."""
        before = self.rows.pop(key, None)
        if before is not None:
            self._note(key, before, -1)

    def matching(self, where: Row) -> list[Key]:
        """The keys of rows that equal `where`, found by its first column."""
        column, value = next(iter(where.items()))
        rows = self.rows
        return [
            key
            for key in self._index(column).get(value, ())
            if all(rows[key][name] == wanted for name, wanted in where.items())
        ]

    def _note(self, key: Key, row: Row, step: int) -> None:
        """Take a row into what follows from it (1), or out of it (-1)."""
        if self._counting and (self._share.of == 1 or self._share.includes(key)):
            for one in self._counting:
                one.count(row, step)
        for column, keys in self._indexes.items():
            if step > 0:
                keys[row[column]].add(key)
            else:
                keys[row[column]].discard(key)

    def _index(self, column: str) -> defaultdict[Value, set[Key]]:
        # Made at the first question, then kept up: most models never ask one.
        found = self._indexes.get(column)
        if found is None:
            found = self._indexes[column] = defaultdict(set)
            for key, row in self.rows.items():
                found[row[column]].add(key)
        return found
