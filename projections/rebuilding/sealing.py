"""Between filling a build and folding it on: what its slices counted summed up, keys, indexes."""

# ruff: noqa: S608  The names in these statements are those of our own tables.

from collections.abc import Sequence
from typing import Final

from infra.postgres.pool import Pool
from infra.worker import builds
from infra.worker.builds import Connection, Known, State
from projections import ddl
from projections.builds import make_indexes, make_tables, names_of
from projections.model import Model, tables_of
from projections.rebuilding import fills
from projections.rebuilding.filling import parts_name
from projections.tables import stored_name

INDEX_MEMORY_MB: Final = 128
_DROP_WAIT_MS: Final = 2000


async def begun(connection: Connection, model: Model, by: str) -> int:
    """A new build that is to be filled, with empty tables; its number."""
    number = await builds.begin(
        connection, model.name, model.version, State.FILLING, by, names_of(model)
    )
    await make_tables(connection, model, number)
    for tally in model.tallies:
        parts = parts_name(tally.table, number)
        created = ddl.create_table(tally.table, number)
        stored = stored_name(tally.table, number)
        await connection.execute(created.replace(stored, parts, 1).encode())
    return number


async def seal(pool: Pool, model: Model, build: int) -> None:
    """Make a build whose partitions are all filled fit for reading, in one transaction."""
    async with pool.connection() as connection, connection.transaction():
        await connection.execute("set local statement_timeout = 0")
        memory = f"set local maintenance_work_mem = '{INDEX_MEMORY_MB}MB'"
        await connection.execute(memory.encode())
        for tally in model.tallies:
            stored, parts = stored_name(tally.table, build), parts_name(tally.table, build)
            key, total = ", ".join(tally.table.key), f"sum({tally.count})"
            await connection.execute(
                f"insert into {stored} ({key}, {tally.count}) select {key}, {total} from {parts} "
                f"group by {key} having {total} <> 0".encode()
            )
            await connection.execute(f"drop table {parts}".encode())
        await make_indexes(connection, model, build)
        for table in tables_of(model):
            await connection.execute(f"analyze {stored_name(table, build)}".encode())
        await fills.forget(connection, model.name, build)


async def drop(connection: Connection, model: str, build: Known) -> None:
    """Remove a build and all that belongs to it, in the transaction of `connection`.

    Raises psycopg's LockNotAvailable while somebody reads its tables.
    """
    await connection.execute(f"set local lock_timeout = {_DROP_WAIT_MS}".encode())
    for name in _stored(build):
        await connection.execute(f"drop table if exists {name} cascade".encode())
    await fills.forget(connection, model, build.number)
    await builds.forget(connection, model, build.number)


def _stored(build: Known) -> Sequence[str]:
    stored = [f"{name}_b{build.number}" for name in build.tables]
    return [*stored, *(f"{name}_parts" for name in stored)]
