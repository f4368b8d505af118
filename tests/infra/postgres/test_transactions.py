"""Transactions whose statements travel together: all or nothing, whatever fails."""

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus

from infra.postgres.pool import Pool, open_pool
from infra.postgres.schema import ensure
from infra.postgres.transactions import pipelined
from tests.stack import Stack

Connection = AsyncConnection[Any]


@pytest.fixture
async def pool(stack: Stack) -> AsyncIterator[Pool]:
    settings = stack.settings()
    async with open_pool(settings.postgres, role="tests") as opened:
        await ensure(opened, settings, ("create table if not exists numbers (n int primary key)",))
        yield opened


async def put(connection: Connection, *numbers: int) -> None:
    async with pipelined(connection):
        for number in numbers:
            await connection.execute("insert into numbers values (%s)", (number,))


async def give_up(connection: Connection) -> None:
    async with pipelined(connection):
        await connection.execute("insert into numbers values (1)")
        raise LookupError


async def numbers(pool: Pool) -> set[int]:
    async with pool.connection() as connection:
        cursor = await connection.execute("select n from numbers")
        return {n for (n,) in await cursor.fetchall()}


async def test_all_statements_are_one_transaction(pool: Pool) -> None:
    async with pool.connection() as connection, pipelined(connection):
        await connection.execute("insert into numbers values (1)")
        cursor = await connection.execute("select count(*) from numbers")
        assert await cursor.fetchone() == (1,)
        assert await numbers(pool) == set()
        await connection.execute("insert into numbers values (2)")
    assert await numbers(pool) == {1, 2}


async def test_a_statement_that_fails_takes_all_others_back(pool: Pool) -> None:
    async with pool.connection() as connection:
        with pytest.raises(psycopg.errors.UniqueViolation):
            await put(connection, 1, 1, 2)
        assert connection.info.transaction_status is TransactionStatus.IDLE
        await connection.execute("insert into numbers values (3)")
    assert await numbers(pool) == {3}


async def test_what_is_raised_in_between_takes_all_back(pool: Pool) -> None:
    async with pool.connection() as connection:
        with pytest.raises(LookupError):
            await give_up(connection)
        assert connection.info.transaction_status is TransactionStatus.IDLE
    assert await numbers(pool) == set()
