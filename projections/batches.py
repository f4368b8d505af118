"""Batches: many operations coalesced so that each row is written once, however hot it is.

Those of several partitions go into one batch, since no two partitions have a row in common
(docs/adr/0005-rows-fold-one-partition.md).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from events.topics import Partition
from projections.operations import (
    Operation,
    RowOperation,
    SetOperation,
    Update,
    Upsert,
    merged,
    row_key,
)
from projections.tables import Key, Table, Value


class Group(NamedTuple):
    """Operations of one kind on different rows of one table; `columns` are their values' names.

    `values` has one tuple for each row, in the order of `columns`, the key first; `partitions`
    says for each row which partition it folds.
    """

    kind: type[RowOperation]
    table: Table
    columns: tuple[str, ...]
    values: list[tuple[Value, ...]]
    partitions: list[Partition]


class Single(NamedTuple):
    """A set-wise operation, in the place that it has among the others of its partition."""

    partition: Partition
    operation: SetOperation


class Part(NamedTuple):
    """What is to be done in one partition, in this order."""

    partition: Partition
    operations: Sequence[Operation]


_Pending = dict[tuple[Table, Key], RowOperation]


def groups(parts: Sequence[Part]) -> Iterator[Group | Single]:
    """The operations of different partitions in an order that comes to the same rows.

    A set-wise operation stands where it was in its partition: it sees the rows as they were then.
    """
    partitions = [part.partition for part in parts]
    for stage in zip_longest(*(_stages(part.operations) for part in parts)):
        reached = [(at, each) for at, each in zip(partitions, stage, strict=True) if each]
        yield from _grouped({at: pending for at, (pending, _) in reached})
        for at, (_, operation) in reached:
            if operation is not None:
                yield Single(at, operation)


def _stages(operations: Iterable[Operation]) -> Iterator[tuple[_Pending, SetOperation | None]]:
    """What becomes of rows up to each set-wise operation, and that operation; None at the end."""
    pending: _Pending = {}
    for operation in operations:
        if isinstance(operation, SetOperation):
            yield pending, operation
            pending = {}
        else:
            place = operation.table, row_key(operation)
            pending[place] = merged(pending.get(place), operation)
    yield pending, None


def _grouped(pending: Mapping[Partition, _Pending]) -> Iterator[Group]:
    found: dict[tuple[type[RowOperation], Table, tuple[str, ...]], Group] = {}
    for partition, rows in pending.items():
        for (table, key), operation in rows.items():
            fields = _fields(operation)
            of = type(operation), table, (*table.key, *fields)
            group = found.get(of) or found.setdefault(of, Group(*of, [], []))
            group.values.append((*key, *fields.values()))
            group.partitions.append(partition)
    yield from found.values()


def _fields(operation: RowOperation) -> dict[str, Value]:
    """The values that are not the key's, in a fixed order."""
    if isinstance(operation, Upsert):
        key = operation.table.key
        return {name: value for name, value in operation.row.items() if name not in key}
    return operation.values if isinstance(operation, Update) else {}
