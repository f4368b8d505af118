"""Calling work off while the server answers, and while it does not."""

import asyncio
import os
import signal
from typing import Any

import pytest

from infra.postgres.pool import Pool, open_pool
from tests.stack import Stack


async def value(pool: Pool, query: str) -> Any:
    async with pool.connection() as connection:
        row = await (await connection.execute(query.encode())).fetchone()
    assert row is not None
    return row[0]


async def called_off(pool: Pool, query: str) -> None:
    """Calls the query off after it has run for a moment, and waits for no more than that."""
    work = asyncio.create_task(value(pool, query))
    await asyncio.sleep(0.1)
    assert not work.done()
    work.cancel()
    # Long before the query's own end, and before psycopg would give up on the server.
    async with asyncio.timeout(8):
        with pytest.raises(asyncio.CancelledError):
            await work


async def test_a_slow_statement_is_called_off_at_once(stack: Stack) -> None:
    async with open_pool(stack.settings().postgres, role="test") as pool:
        await pool.wait(5)
        await called_off(pool, "select pg_sleep(60)")
        assert await value(pool, "select 1") == 1


async def test_a_silent_server_outlasts_no_deadline(stack: Stack) -> None:
    async with open_pool(stack.settings().postgres, role="test") as pool:
        await pool.wait(5)
        serving = await value(pool, "select pg_backend_pid()")
        # The one that serves the connection, and the one that would take a request to cancel.
        os.kill(serving, signal.SIGSTOP)
        stack.postgres.pause()
        try:
            await called_off(pool, "select 1")
        finally:
            stack.postgres.resume()
            os.kill(serving, signal.SIGCONT)
        assert await value(pool, "select 1") == 1


async def test_what_a_transaction_had_done_is_undone(stack: Stack) -> None:
    async def insert() -> None:
        async with pool.connection() as connection, connection.transaction():
            await connection.execute("insert into public.prompt_test values (1)")
            await connection.execute("select pg_sleep(20)")

    async with open_pool(stack.settings().postgres, role="test") as pool:
        async with pool.connection() as connection:
            await connection.execute("create table public.prompt_test (number int)")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await insert()
        assert await value(pool, "select count(*) from public.prompt_test") == 0
        async with pool.connection() as connection:
            await connection.execute("drop table public.prompt_test")
