"""How one row of a read model came about: the decisions that changed it, one after the other. Pure.

Only that row is held in memory, with those it is made of, so that a log of any length is folded.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct, field

from events.topics import Partition
from infra.worker.progress import Accepted
from projections.memory import PARTITION_COLUMN, Rows
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
from projections.tables import Key, Row, Table, Tally, key_of

CAUSES_MAX: Final = 500
"""So many decisions are told of each partition, the latest; of those before only how many."""


class Effect(StrEnum):
    """What a decision did to the row."""

    MADE = "made"
    CHANGED = "changed"
    REMOVED = "removed"


class Cause(Struct, frozen=True):
    """A decision that changed the row: where it stands in the log, what it is, and what it did.

    `events` are its types, `versions` where they stand in their streams. `before` and `after` hold
    the columns that changed, all of them where the row was not there or is not any more.
    """

    partition: str
    offset: int
    at: datetime
    decision: UUID
    shard: str
    rpc: str
    request: UUID | None
    actor: UUID | None
    events: tuple[str, ...]
    versions: tuple[int, ...]
    effect: Effect
    before: Row
    after: Row


class SetAside(Struct, frozen=True):
    """A decision that may concern the row and was not applied; `dropped` by an operator, or parked.

    `certain` if it would have changed the row. One that cannot be folded is told if it is of the
    row's shard.
    """

    partition: str
    offset: int
    at: datetime
    shard: str
    events: tuple[str, ...]
    dropped: bool
    certain: bool


class Traced(Struct):
    """What one partition has of the row. `row` is None if it comes to nothing there.

    `earlier` is how many causes come before `causes`. `personal` are the columns that hold people's
    own words. `failure` says why the partition cannot be folded.
    """

    row: Row | None = None
    causes: list[Cause] = field(default_factory=list)
    earlier: int = 0
    set_aside: list[SetAside] = field(default_factory=list)
    personal: set[str] = field(default_factory=set)
    failure: str = ""


class NeedsRow(RuntimeError):
    """The row is made of another one, of `table` with `key`, which must be held from the start."""

    def __init__(self, table: Table, key: Key) -> None:
        super().__init__(f"A row is made of one of {table.name}.")
        self.table = table
        self.key = key


class Watched:
    """One row of a table and those it is made of, as `Holding`; of a tally all that it counts."""

    of = 2

    def __init__(self, model: Model, table: Table, key: Key) -> None:
        tallies = {tally.table: tally for tally in model.tallies}
        self.table = table
        self.key = key
        self.tally: Tally | None = tallies.get(table)
        self._also: set[tuple[Table, Key]] = set()

    def also(self, table: Table, key: Key) -> None:
        """Hold this row, too."""
        self._also.add((table, key))

    def includes(self, key: Key) -> bool:
        """Whatever is held is counted."""
        return True

    def holds(self, table: Table, key: Key, row: Row | None = None) -> bool:
        """Whether it is the row, or one that it is made of, or that it counts."""
        if self.tally is not None and table == self.tally.of and row is not None:
            by = tuple([row[name] for name in self.tally.by])
            if by == self.key[: len(by)]:
                # From now on, whatever comes in its place may be counted elsewhere.
                self._also.add((table, key))
        return (table == self.table and key == self.key) or (table, key) in self._also

    def require(self, operation: Keep) -> None:
        """Raise `NeedsRow` unless the source is held, if the row that is made of it is wanted."""
        source = operation.source, key_of(operation.source, operation.key)
        if source not in self._also and self._makes(operation):
            raise NeedsRow(*source)

    def _makes(self, operation: Keep) -> bool:
        names = operation.row.keys() | set(operation.columns)
        row = {name: operation.row.get(name) for name in names}
        return self.holds(operation.table, key_of(operation.table, row), row)


class Story:
    """Takes the decisions of one partition, in order, and notes those that change the row."""

    def __init__(self, model: Model, partition: Partition, watched: Watched) -> None:
        self.told = Traced()
        self._partition = str(partition)
        self._watched = watched
        self._rows = Rows(model, partition, watched)
        self._masked = Rows(model, partition, watched)
        self._causes: deque[Cause] = deque(maxlen=CAUSES_MAX)
        self._shards = {str(value) for value in watched.key}

    def take(
        self, one: Accepted, operations: Iterable[Operation], masked: Iterable[Operation]
    ) -> None:
        """Apply a decision; `masked` is what it comes to with people's words masked.

        Raises `NeedsRow`.
        """
        before = self._row(self._rows)
        self._rows.apply(operations)
        self._masked.apply(masked)
        after = self._row(self._rows)
        if before != after:
            self._unmask(after)
            self._shards.add(one.decision.shard)
            self.told.earlier += len(self._causes) == CAUSES_MAX
            self._causes.append(_cause(self._partition, one, before, after))

    def pass_over(
        self, one: Accepted, operations: Sequence[Operation] | None, *, dropped: bool
    ) -> None:
        """Note a decision that is set aside, if it concerns the row; None cannot be folded."""
        certain = operations is not None and any(map(self._touches, operations))
        if certain or (operations is None and one.decision.shard in self._shards):
            found = one.decision
            types = tuple(fact.type for fact in found.facts)
            self.told.set_aside.append(
                SetAside(
                    self._partition, one.offset, found.at, found.shard, types, dropped, certain
                )
            )

    def end(self) -> Traced:
        """All that was found."""
        self.told.row = self._row(self._rows)
        self.told.causes = list(self._causes)
        return self.told

    def _unmask(self, row: Row | None) -> None:
        """Find the columns that are others once people's words are masked."""
        masked = self._row(self._masked)
        if row is not None and masked is not None:
            self.told.personal |= {name for name in row if row[name] != masked[name]}

    def _row(self, rows: Rows) -> Row | None:
        watched = self._watched
        if watched.tally is None:
            return dict(rows.kept(watched.table)).get(watched.key)
        count = rows.counted(watched.tally).get(watched.key)
        if count is None:
            return None
        names = watched.table.key
        return dict(zip(names, watched.key, strict=True)) | {watched.tally.count: count}

    def _touches(self, operation: Operation) -> bool:
        holds = self._watched.holds
        match operation:
            case Upsert(table, row) | Keep(table, row):
                known = {name: row.get(name) for name in (*table.key, *row)}
                return holds(table, key_of(table, known), known)
            case Update(table, key) | Delete(table, key):
                return key_of(table, key) in dict(self._rows.kept(table))
            case UpdateWhere(table, where) | DeleteWhere(table, where):
                held = (row for _, row in self._rows.kept(table))
                return any(all(row[name] == where[name] for name in where) for row in held)


def partitions_of(table: Table, key: Key, among: Iterable[Partition]) -> list[Partition]:
    """The partitions that the row may be folded from: all, unless its key names one."""
    named = dict(zip(table.key, key, strict=True)).get(PARTITION_COLUMN)
    return [one for one in among if named is None or str(one) == named]


def joined(table: Table, tally: Tally | None, told: Iterable[Traced]) -> Row | None:
    """The row that the partitions together come to: what they count adds up."""
    rows = [each.row for each in told if each.row is not None]
    if not rows:
        return None
    if tally is None:
        return rows[0]
    return rows[0] | {tally.count: sum(_number(row, tally.count) for row in rows)}


def differing(stored: Row | None, folded: Row | None, tally: Tally | None) -> tuple[str, ...]:
    """The columns in which they differ; all of them if one is not there. A count of 0 is none."""
    if tally is not None and stored is not None and stored[tally.count] == 0:
        stored = None
    if stored is None or folded is None:
        return tuple(stored or folded or {})
    return tuple(name for name in folded if stored[name] != folded[name])


def _cause(partition: str, one: Accepted, before: Row | None, after: Row | None) -> Cause:
    found = one.decision
    if before is None or after is None:
        effect = Effect.MADE if before is None else Effect.REMOVED
        names = list(before or after or ())
    else:
        effect = Effect.CHANGED
        names = [name for name in after if before[name] != after[name]]
    return Cause(
        partition=partition,
        offset=one.offset,
        at=found.at,
        decision=found.id,
        shard=found.shard,
        rpc=found.rpc,
        request=found.request,
        actor=found.actor,
        events=tuple(fact.type for fact in found.facts),
        versions=tuple(fact.version for fact in found.facts),
        effect=effect,
        before={name: before[name] for name in names} if before else {},
        after={name: after[name] for name in names} if after else {},
    )


def _number(row: Row, name: str) -> int:
    value = row[name]
    assert isinstance(value, int)
    return value
