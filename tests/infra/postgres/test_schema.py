"""Tables appear whole, once, and whoever comes first."""

import asyncio

import psycopg
import pytest
from msgspec.structs import replace

from infra.postgres.other_tables import OtherTables
from infra.postgres.pool import open_pool
from infra.postgres.schema import ensure
from tests.infra.postgres.world import open_world
from tests.stack import Stack

SLOW = "select pg_sleep(0.05)"
TABLES = [
    "create table if not exists notes (note text primary key)",
    SLOW,
    "create index if not exists notes_by_note on notes (note)",
]


async def tables_of(stack_dsn: str, schema: str) -> set[str]:
    """The names of a schema's tables."""
    async with await psycopg.AsyncConnection.connect(stack_dsn) as connection:
        query = "select tablename from pg_tables where schemaname = %s"
        cursor = await connection.execute(query, (schema,))
        return {name for (name,) in await cursor.fetchall()}


async def test_processes_that_start_together_take_turns(stack: Stack) -> None:
    settings = stack.settings()

    async def start() -> None:
        async with open_pool(settings.postgres, role="test") as pool:
            await ensure(pool, settings, TABLES)

    await asyncio.gather(*(start() for _ in range(5)))
    assert await tables_of(settings.postgres.dsn, settings.postgres.schema) == {"notes"}


async def test_ensuring_it_again_keeps_what_is_there(stack: Stack) -> None:
    async with open_world(stack, TABLES) as (pool, settings):
        async with pool.connection() as connection:
            await connection.execute("insert into notes values ('kept')")
        await ensure(pool, settings, TABLES)
        async with pool.connection() as connection:
            cursor = await connection.execute("select note from notes")
            assert await cursor.fetchall() == [("kept",)]


async def test_it_may_take_longer_than_other_statements_may(stack: Stack) -> None:
    settings = stack.settings()
    hurried = replace(settings.postgres, statement_timeout_ms=500)
    async with open_pool(hurried, role="test") as pool:
        await ensure(pool, settings, ["select pg_sleep(0.6)"])


async def test_a_statement_that_fails_takes_the_others_with_it(stack: Stack) -> None:
    settings = stack.settings()
    async with open_pool(settings.postgres, role="test") as pool:
        with pytest.raises(psycopg.errors.SyntaxError):
            await ensure(pool, settings, [*TABLES, "creat table notes"])
    assert await tables_of(settings.postgres.dsn, settings.postgres.schema) == set()


async def test_a_table_of_another_version_is_told_from_a_mistake(stack: Stack) -> None:
    async with open_world(stack, ["create table if not exists notes (text text)"]) as (
        pool,
        settings,
    ):
        with pytest.raises(OtherTables, match='column "note" does not exist'):
            await ensure(pool, settings, TABLES)
