"""Builds of the models in the database: the first one of each, and the views of the live one."""

from collections.abc import Iterable
from typing import Final

from psycopg import errors

from infra.config import Settings
from infra.postgres.pool import Pool
from infra.postgres.schema import ensure
from infra.worker import builds, checkpoints
from infra.worker.builds import Connection, State
from projections import ddl
from projections.model import Model, tables_of
from projections.rebuilding import fills
from projections.tables import Table

WORKER: Final = "a worker"
"""Who began the first build of a model: it is live from the start, and fills as the log is read."""


_TABLES: Final = (*checkpoints.DDL, *fills.DDL)


async def ensure_models(pool: Pool, settings: Settings, models: Iterable[Model]) -> None:
    """Make what is not there yet: the schema, the checkpoints, a live build for each model.

    A model that has a live build keeps it, whatever its version: another is made live by who
    rebuilds it, not by a process that starts. Raises Unavailable.
    """

    async def first_builds(connection: Connection) -> None:
        for model in models:
            await ensure_live(connection, model)

    await ensure(pool, settings, _TABLES, first_builds)


async def ensure_tables(pool: Pool, settings: Settings) -> None:
    """Make the schema and the tables of checkpoints and builds, and none of a model's."""
    await ensure(pool, settings, _TABLES)


async def ensure_live(connection: Connection, model: Model) -> None:
    """Begin the model's first build, empty and live, if none is.

    A live one of the model's version gets the tables that it lacks: nothing was there to fill them
    with before.
    """
    live = await builds.live(connection, model.name)
    if live is None:
        number = await builds.begin(
            connection, model.name, model.version, State.LIVE, WORKER, names_of(model)
        )
        await make_tables(connection, model, number)
        await make_indexes(connection, model, number)
        await show(connection, model, number)
    elif live.version == model.version:
        for table in tables_of(model):
            if table.name not in live.tables:
                await _added(connection, model, live.number, table)


def names_of(model: Model) -> list[str]:
    """The names of the model's tables, those of its tallies included."""
    return [table.name for table in tables_of(model)]


async def make_tables(connection: Connection, model: Model, build: int) -> None:
    """The build's tables, empty, without keys and indexes."""
    for table in tables_of(model):
        await connection.execute(ddl.create_table(table, build).encode())


async def make_indexes(connection: Connection, model: Model, build: int) -> None:
    """The keys and indexes of the build's tables."""
    for table in tables_of(model):
        for statement in ddl.create_indexes(table, build):
            await connection.execute(statement.encode())


async def show(connection: Connection, model: Model, build: int) -> None:
    """Let the views show that build, from the end of the transaction on."""
    for table in tables_of(model):
        await _show(connection, table, build)


async def _added(connection: Connection, model: Model, build: int, table: Table) -> None:
    for statement in (ddl.create_table(table, build), *ddl.create_indexes(table, build)):
        await connection.execute(statement.encode())
    await _show(connection, table, build)
    await connection.execute(
        "update builds set tables = tables || %s::text where model = %s and build = %s",
        (table.name, model.name, build),
    )


async def _show(connection: Connection, table: Table, build: int) -> None:
    view = f"view {table.name} as {ddl.view_query(table, build)}"
    try:
        # Keeps the view's rights, and the views that others built on it.
        async with connection.transaction():
            await connection.execute(f"create or replace {view}".encode())
    except errors.InvalidTableDefinition:
        # Another version of the model, with other columns.
        await connection.execute(f"drop view {table.name}".encode())
        await connection.execute(f"create {view}".encode())
