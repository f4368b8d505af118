"""Applying operations to Postgres, inside the transaction that moves the checkpoint."""

from collections.abc import Sequence
from typing import Any, assert_never

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from projections.batches import Group, Part, Single, groups
from projections.encoding import Sent, array_sender
from projections.model import Model
from projections.operations import DeleteWhere, Keep, UpdateWhere
from projections.statements import (
    PARTITION,
    counts_by_partition,
    delete_where,
    group_statement,
    keep,
    update_where,
)
from projections.tables import Row, Table, columns_of, sent_as


async def apply(
    connection: AsyncConnection[Any], model: Model, build: int, parts: Sequence[Part]
) -> None:
    """Run the operations on that build, each row written once. Nothing is fetched."""
    for step in groups(parts):
        if isinstance(step, Group):
            kind, table, columns = step.kind, step.table, step.columns
            statement = group_statement(kind, table, build, columns, model.tallies)
            parameters: dict[str, Any] = _sent(model, step)
        else:
            statement, parameters = _single(model, build, step)
        await connection.execute(statement, parameters, prepare=True)


def _single(model: Model, build: int, step: Single) -> tuple[bytes, dict[str, Any]]:
    at, tallies = {PARTITION.name: str(step.partition)}, model.tallies
    match step.operation:
        case UpdateWhere(table, where, values):
            statement = update_where(table, build, tuple(where), tuple(values), tallies)
            return statement, at | where | _new(table, values)
        case DeleteWhere(table, where):
            return delete_where(table, build, tuple(where), tallies), at | where
        case Keep(table, row, source, key, columns):
            statement = keep(table, build, tuple(row), source, columns, tallies)
            return statement, at | key | _new(table, row)
        case unknown:
            assert_never(unknown)


def _sent(model: Model, group: Group) -> dict[str, Sent]:
    """The values of the group by column, each an array, and of which partition each row is."""
    known = {column.name: column for column in columns_of(group.table)}
    by_column = zip(group.columns, zip(*group.values, strict=True), strict=True)
    sent = {name: array_sender(known[name])(values) for name, values in by_column}
    if counts_by_partition(group.table, model.tallies):
        sent[PARTITION.name] = array_sender(PARTITION)([str(one) for one in group.partitions])
    return sent


def _new(table: Table, values: Row) -> dict[str, Any]:
    """Single values, as the driver sends them."""
    json = {column.name for column in columns_of(table) if sent_as(column) == "jsonb"}
    return {
        f"new_{name}": _json(value) if name in json and value is not None else value
        for name, value in values.items()
    }


def _json(value: object) -> Jsonb:
    return Jsonb(value, dumps=msgspec.json.encode)
