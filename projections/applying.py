"""Applying operations to Postgres, inside the transaction that moves the checkpoint."""

from collections.abc import Iterable
from typing import Any

from psycopg import AsyncConnection

from events.topics import Partition
from projections.batches import Group, groups
from projections.model import Model
from projections.operations import Operation, UpdateWhere
from projections.statements import group_statement, set_statement


async def apply(
    connection: AsyncConnection[Any],
    model: Model,
    partition: Partition,
    operations: Iterable[Operation],
) -> None:
    """Run the operations, each row written once; statements travel together."""
    async with connection.pipeline():
        for step in groups(operations):
            statement, parameters = _prepared(model, step)
            await connection.execute(
                statement, parameters | {"partition": str(partition)}, prepare=True
            )


def _prepared(model: Model, step: Group | UpdateWhere) -> tuple[bytes, dict[str, Any]]:
    if isinstance(step, Group):
        statement = group_statement(step.kind, step.table, step.columns, model.tallies)
        arrays = zip(*step.values, strict=True)
        return statement, dict(zip(step.columns, map(list, arrays), strict=True))
    statement = set_statement(step.table, tuple(step.where), tuple(step.values), model.tallies)
    return statement, step.where | {f"new_{name}": value for name, value in step.values.items()}
