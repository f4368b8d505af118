"""Applying operations to Postgres, inside the transaction that moves the checkpoint."""

from collections.abc import Iterable
from typing import Any, assert_never

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from events.topics import Partition
from projections.batches import Group, groups
from projections.encoding import Sent, array_sender
from projections.model import Model
from projections.operations import DeleteWhere, Keep, Operation, SetOperation, UpdateWhere
from projections.statements import delete_where, group_statement, keep, update_where
from projections.tables import Row, Table, columns_of, sent_as


async def apply(
    connection: AsyncConnection[Any],
    model: Model,
    build: int,
    partition: Partition,
    operations: Iterable[Operation],
) -> None:
    """Run the operations on that build, each row written once. Nothing is fetched."""
    for step in groups(operations):
        statement, parameters = _prepared(model, build, step)
        await connection.execute(
            statement, parameters | {"partition": str(partition)}, prepare=True
        )


def _prepared(model: Model, build: int, step: Group | SetOperation) -> tuple[bytes, dict[str, Any]]:
    tallies = model.tallies
    match step:
        case Group(kind, table, columns):
            return group_statement(kind, table, build, columns, tallies), _sent(step)
        case UpdateWhere(table, where, values):
            statement = update_where(table, build, tuple(where), tuple(values), tallies)
            return statement, where | _new(table, values)
        case DeleteWhere(table, where):
            return delete_where(table, build, tuple(where), tallies), where
        case Keep(table, row, source, key, columns):
            statement = keep(table, build, tuple(row), source, columns, tallies)
            return statement, key | _new(table, row)
        case unknown:
            assert_never(unknown)


def _sent(group: Group) -> dict[str, Sent]:
    """The values of the group by column, each an array."""
    known = {column.name: column for column in columns_of(group.table)}
    by_column = zip(group.columns, zip(*group.values, strict=True), strict=True)
    return {name: array_sender(known[name])(values) for name, values in by_column}


def _new(table: Table, values: Row) -> dict[str, Any]:
    """Single values, as the driver sends them."""
    json = {column.name for column in columns_of(table) if sent_as(column) == "jsonb"}
    return {
        f"new_{name}": _json(value) if name in json and value is not None else value
        for name, value in values.items()
    }


def _json(value: object) -> Jsonb:
    return Jsonb(value, dumps=msgspec.json.encode)
