"""Connections are set up alike, and come back by themselves after the server was away."""

import asyncio
from datetime import datetime

import psycopg
import pytest
from msgspec.structs import replace
from psycopg_pool import PoolTimeout

from infra.config_servers import PostgresSettings
from infra.postgres.pool import Pool, open_pool, translated
from infra.postgres.prompt import server_of
from schemas.refusals import Unavailable
from tests.infra.postgres.world import open_world
from tests.stack import Stack, free_ports

NOTES = "create table if not exists notes (note text)"
CONNECTED_S = 30.0
"""What a busy machine may need for connections that nobody here waits for otherwise."""


async def value(pool: Pool, query: str) -> object:
    """The only value of a query's only row."""
    async with pool.connection() as connection:
        cursor = await connection.execute(query.encode())
        row = await cursor.fetchone()
    return None if row is None else row[0]


async def test_a_connection_says_what_it_is_for_and_counts_time_in_utc(stack: Stack) -> None:
    async with open_pool(stack.settings().postgres, role="queries") as pool:
        assert await value(pool, "show application_name") == "agora-queries"
        assert await value(pool, "show timezone") == "UTC"


async def test_what_one_statement_writes_is_there_at_once_for_others(stack: Stack) -> None:
    async with open_world(stack, [NOTES]) as (pool, settings), pool.connection() as connection:
        await connection.execute("insert into notes values ('hello')")
        async with open_pool(settings.postgres, role="test") as other:
            assert await value(other, "select note from notes") == "hello"


async def test_two_deployments_in_one_database_do_not_see_each_other(stack: Stack) -> None:
    async with open_world(stack, [NOTES]) as (ours, _), open_world(stack, [NOTES]) as (theirs, _):
        await value(ours, "insert into notes values ('ours') returning 1")
        assert await value(theirs, "select count(*) from notes") == 0


async def test_a_reader_cannot_write(stack: Stack) -> None:
    async with (
        open_world(stack, [NOTES]) as (_, settings),
        open_pool(settings.postgres, role="test", read_only=True) as reader,
    ):
        assert await value(reader, "select count(*) from notes") == 0
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await value(reader, "insert into notes values ('no') returning 1")


async def test_a_reader_plans_a_statement_once_whatever_its_parameters(stack: Stack) -> None:
    query = "select note from notes where note = any (%s)"
    async with open_world(stack, [NOTES]) as (_, settings):
        reading = open_pool(settings.postgres, role="test", read_only=True)
        async with reading as pool, pool.connection() as connection:
            for number in range(10):
                await connection.execute(query, (["hello"] * number,), prepare=True)
            cursor = await connection.execute(
                "select custom_plans, generic_plans from pg_prepared_statements"
            )
            assert await cursor.fetchall() == [(0, 10)]


async def test_work_by_key_finds_rows_in_the_index_though_the_table_was_small(
    stack: Stack,
) -> None:
    table = "create table if not exists heads (name text primary key, head text)"
    explain = "explain execute found (array['hello'])"
    async with open_world(stack, [table]) as (ours, settings):
        await value(ours, "insert into heads values ('hello') returning 1")
        async with open_pool(settings.postgres, role="test", by_key=True) as by_key:
            plans = []
            for pool in (ours, by_key):
                async with pool.connection() as connection:
                    await connection.execute("analyze heads")
                    await connection.execute(
                        "prepare found (text[]) as select h.head from heads h "
                        "join unnest($1) as asked (name) using (name)"
                    )
                    cursor = await connection.execute(explain)
                    plans.append("".join(line for (line,) in await cursor.fetchall()))
    assert "Seq Scan on heads" in plans[0]
    assert "Index Scan using heads_pkey" in plans[1]


async def test_options_in_the_connection_string_stay_in_force(stack: Stack) -> None:
    given = stack.settings().postgres
    settings = replace(given, dsn=f"{given.dsn}?options=-c%20work_mem%3D3MB")
    async with open_pool(settings, role="test") as pool:
        assert await value(pool, "show work_mem") == "3MB"
        assert await value(pool, "show search_path") == f"{given.schema},public"


async def test_a_statement_that_takes_too_long_is_a_refusal_that_invites_a_retry(
    stack: Stack,
) -> None:
    settings = replace(stack.settings().postgres, statement_timeout_ms=50)
    async with open_pool(settings, role="test") as pool:
        with pytest.raises(Unavailable) as refused, translated():
            await value(pool, "select pg_sleep(10)")
        assert refused.value.reason == "STORE_UNAVAILABLE"
        assert "pg_sleep" not in str(refused.value)


async def test_a_mistake_in_the_sql_stays_a_bug(stack: Stack) -> None:
    async with open_pool(stack.settings().postgres, role="test") as pool:
        with pytest.raises(psycopg.errors.UndefinedTable), translated():
            await value(pool, "select * from nothing_of_this_name")


async def test_without_a_free_connection_the_wait_is_bounded(stack: Stack) -> None:
    given = stack.settings().postgres
    settings = replace(given, pool_connections_max=1, pool_wait_ms=100)
    async with open_pool(settings, role="test") as pool:
        # To connect may take longer than this pool lets anybody wait.
        await pool.wait(CONNECTED_S)
        async with pool.connection():
            with pytest.raises(Unavailable), translated():
                await value(pool, "select 1")


async def test_a_process_starts_without_a_server_and_is_told_soon_that_it_is_away() -> None:
    dsn = f"postgresql://agora:agora@127.0.0.1:{free_ports(1)[0]}/agora"
    settings = PostgresSettings(dsn=dsn, pool_wait_ms=300)
    async with asyncio.timeout(20), open_pool(settings, role="test") as pool:
        with pytest.raises(PoolTimeout):
            await value(pool, "select 1")


async def test_a_server_that_is_silent_does_not_hold_up_new_connections_for_ever(
    stack: Stack,
) -> None:
    given = stack.settings().postgres
    settings = replace(given, pool_connections_min=0, pool_wait_ms=300)
    stack.postgres.pause()
    try:
        async with open_pool(settings, role="test") as pool:
            with pytest.raises(Unavailable), translated():
                await value(pool, "select 1")
    finally:
        stack.postgres.resume()


async def test_after_a_crash_of_the_server_nobody_gets_a_dead_connection(stack: Stack) -> None:
    given = stack.settings().postgres
    settings = replace(given, pool_connections_min=6, pool_connections_max=6)
    async with open_pool(settings, role="test") as pool:
        await pool.wait(CONNECTED_S)
        stack.postgres.kill()
        stack.postgres.restart()
        assert await value(pool, "select 1") == 1
        answers = await asyncio.gather(*(value(pool, "select 1") for _ in range(20)))
    assert answers == [1] * 20


async def test_connections_tell_one_server_from_the_next(stack: Stack) -> None:
    async with open_pool(stack.settings().postgres, role="test", read_only=True) as pool:
        servers = [await server(pool), await server(pool)]
        stack.postgres.restart()
        servers.append(await server(pool))
    first, same, other = servers
    assert first == same != other
    assert None not in servers


async def server(pool: Pool) -> datetime | None:
    async with pool.connection() as connection:
        return server_of(connection)


async def test_once_the_server_is_back_so_are_its_clients(stack: Stack) -> None:
    settings = replace(stack.settings().postgres, pool_wait_ms=2000)
    async with open_pool(settings, role="test") as pool:
        await pool.wait(CONNECTED_S)
        stack.postgres.kill()
        try:
            # Long enough for a client that waits twice as long each time to fall behind.
            for _ in range(3):
                with pytest.raises(Unavailable), translated():
                    await value(pool, "select 1")
        finally:
            stack.postgres.restart()
        assert await value(pool, "select 1") == 1


async def test_a_crash_under_a_statement_is_a_refusal_that_invites_a_retry(stack: Stack) -> None:
    async with open_pool(stack.settings().postgres, role="test") as pool:
        sleeping = asyncio.create_task(value(pool, "select pg_sleep(60)"))
        await asyncio.sleep(0.2)
        stack.postgres.kill()
        try:
            with pytest.raises(Unavailable), translated():
                await sleeping
        finally:
            stack.postgres.restart()
