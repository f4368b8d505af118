"""Batches: many operations coalesced so that each row is written once, however hot it is."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

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

    `values` has one tuple for each row, in the order of `columns`, the key first.
    """

    kind: type[RowOperation]
    table: Table
    columns: tuple[str, ...]
    values: list[tuple[Value, ...]]


def groups(operations: Iterable[Operation]) -> Iterator[Group | SetOperation]:
    """The operations in an order that comes to the same rows.

    A set-wise operation stands where it was: it sees the rows as they were then.
    """
    pending: dict[tuple[Table, Key], RowOperation] = {}
    for operation in operations:
        if isinstance(operation, SetOperation):
            yield from _grouped(pending)
            pending = {}
            yield operation
        else:
            place = operation.table, row_key(operation)
            pending[place] = merged(pending.get(place), operation)
    yield from _grouped(pending)


def _grouped(pending: dict[tuple[Table, Key], RowOperation]) -> Iterator[Group]:
    found: defaultdict[tuple[type[RowOperation], Table, tuple[str, ...]], list[Key]] = defaultdict(
        list
    )
    for (table, key), operation in pending.items():
        fields = _fields(operation)
        columns = (*table.key, *fields)
        found[type(operation), table, columns].append((*key, *fields.values()))
    for (kind, table, columns), values in found.items():
        yield Group(kind, table, columns, values)


def _fields(operation: RowOperation) -> dict[str, Value]:
    """The values that are not the key's, in a fixed order."""
    if isinstance(operation, Upsert):
        key = operation.table.key
        return {name: value for name, value in operation.row.items() if name not in key}
    return operation.values if isinstance(operation, Update) else {}
