"""Applying operations to Postgres, inside the transaction that moves the checkpoint."""

from collections.abc import Iterable
from typing import Any, assert_never

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from events.topics import Partition
from projections.batches import Group, groups
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
        case Group(kind, table, columns, values):
            arrays = dict(zip(columns, map(list, zip(*values, strict=True)), strict=True))
            return group_statement(kind, table, build, columns, tallies), _sent(table, arrays)
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


def _new(table: Table, values: Row) -> dict[str, Any]:
    sent = _sent(table, {name: [value] for name, value in values.items()})
    return {f"new_{name}": value for name, [value] in sent.items()}


def _sent(table: Table, arrays: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Many values of some columns, in the shape in which the driver sends them."""
    json = {column.name for column in columns_of(table) if sent_as(column) == "jsonb"}
    return {
        name: [None if value is None else _json(value) for value in values]
        if name in json
        else values
        for name, values in arrays.items()
    }


def _json(value: object) -> Jsonb:
    return Jsonb(value, dumps=msgspec.json.encode)
