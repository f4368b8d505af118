"""The deployment's own schema, and the tables that each part of Agora keeps in it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from psycopg import AsyncConnection, errors, sql

from infra.config import Settings
from infra.postgres.other_tables import OtherTables
from infra.postgres.pool import Pool, translated

_LOCK: Final = "select pg_advisory_xact_lock(hashtextextended(%s, 0))"
_LOCK_WAIT_MS: Final = 60_000


OTHER_SHAPE: Final = (
    errors.UndefinedColumn,
    errors.WrongObjectType,
    errors.DuplicateTable,
    errors.InvalidTableDefinition,
)
"""What PostgreSQL answers when a table is there under its name, and is not what is expected."""


async def nothing_more(_connection: AsyncConnection[Any]) -> None:
    """What follows where tables are all there is to make."""


async def ensure(
    pool: Pool,
    settings: Settings,
    ddl: Sequence[str],
    following: Callable[[AsyncConnection[Any]], Awaitable[None]] = nothing_more,
) -> None:
    """Make the schema and what `ddl` describes, as far as it is not there yet; then `following`.

    Every statement of `ddl` must change nothing when it is run again, and names no schema; so must
    `following`. All of it happens or nothing; processes that start together take turns. Raises
    Unavailable, `OtherTables`.
    """
    schema = settings.postgres.schema
    with translated():
        async with pool.connection() as connection, connection.transaction():
            # Waiting for another process, or making an index, may take long and still be right.
            await connection.execute("set local statement_timeout = 0")
            await connection.execute(sql.SQL("set local lock_timeout = {}").format(_LOCK_WAIT_MS))
            await connection.execute(_LOCK, (f"agora schema {schema}",))
            create = sql.SQL("create schema if not exists {}").format(sql.Identifier(schema))
            await connection.execute(create)
            try:
                for statement in ddl:
                    await connection.execute(statement.encode())
                await following(connection)
            except OTHER_SHAPE as problem:
                raise OtherTables(schema, problem) from problem
