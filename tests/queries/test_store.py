"""The door to PostgreSQL, while it is there and while it is not."""

import asyncio
import math
import time

import psycopg
import pytest
from msgspec import Struct, ValidationError
from psycopg import sql

from infra.config import Settings
from infra.postgres import pool as pool_module
from infra.postgres.pool import open_pool
from queries.statement import statement
from queries.store import Reader, Store
from schemas.refusals import Unavailable
from tests.eventually import eventually
from tests.queries.conftest import Side
from tests.stack import Stack

ONE = statement(sql.SQL("select 1 as number"))
SLOW = statement(sql.SQL("select 1 as number from pg_sleep(60)"))
LONG_BEFORE_S = 20.0
"""What ends by then has waited neither for the statement nor for the store's own deadline."""


class Number(Struct, frozen=True):
    """A row."""

    number: int


async def one(reader: Reader) -> int:
    return (await reader.rows(Number, ONE, {}))[0].number


async def refused_in_time(reader: Reader) -> None:
    async with asyncio.timeout(LONG_BEFORE_S):
        with pytest.raises(Unavailable, match="STORE_UNAVAILABLE"):
            await one(reader)


async def recovered(store: Store) -> None:
    async def answers() -> bool:
        try:
            return await one(store.until(math.inf)) == 1
        except Unavailable:
            return False

    await eventually(answers, within_s=60)


async def test_a_read_changes_nothing(side: Side) -> None:
    query = sql.SQL("insert into parked values ('a', 1, 'people-0', 1, 'a') returning 1 as number")
    with pytest.raises(Unavailable, match="STORE_UNAVAILABLE"):
        await side.store.until(math.inf).rows(Number, statement(query), {})


async def test_rows_that_do_not_fit_are_a_bug_and_not_a_refusal(side: Side) -> None:
    text = statement(sql.SQL("select 'x' as number"))
    with pytest.raises(ValidationError):
        await side.store.until(math.inf).rows(Number, text, {})


async def test_read_models_that_are_not_made_yet_are_unavailable(settings: Settings) -> None:
    async with open_pool(settings.postgres, role="queries", read_only=True) as pool:
        reader = Store(pool, answer_s=5).until(math.inf)
        with pytest.raises(Unavailable, match="STORE_UNAVAILABLE"):
            await reader.rows(Number, statement(sql.SQL("select 1 as number from accounts")), {})


async def test_a_statement_takes_no_longer_than_the_caller_waits(side: Side) -> None:
    async with asyncio.timeout(LONG_BEFORE_S):
        with pytest.raises(Unavailable, match="STORE_UNAVAILABLE"):
            await side.store.until(time.monotonic() + 0.2).rows(Number, SLOW, {})
    await recovered(side.store)


async def test_a_deadline_that_has_passed_asks_nothing(side: Side) -> None:
    with pytest.raises(Unavailable, match="STORE_UNAVAILABLE"):
        await one(side.store.until(time.monotonic()))
    assert side.wire.round_trips == 0


async def test_a_reader_that_is_called_off_ends_at_once(side: Side) -> None:
    await one(side.store.until(math.inf))
    side.wire.silence()
    reading = asyncio.create_task(one(side.store.until(math.inf)))
    await asyncio.sleep(0.05)
    reading.cancel()
    # Psycopg, left alone, would wait ten seconds for a server that says nothing.
    async with asyncio.timeout(8):
        with pytest.raises(asyncio.CancelledError):
            await reading


async def test_a_silent_server_is_unavailable_in_time_and_comes_back_by_itself(
    side: Side,
) -> None:
    await one(side.store.until(math.inf))
    side.wire.silence()
    for _ in range(4):
        await refused_in_time(side.store.until(time.monotonic() + 0.3))
    side.wire.resume()
    await recovered(side.store)


async def test_connections_that_the_server_ended_cost_no_answer(side: Side, stack: Stack) -> None:
    assert await one(side.store.until(math.inf)) == 1
    dsn = stack.settings().postgres.dsn
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as other:
        ended = await other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'agora-queries'"
        )
        assert await ended.fetchall()

    async def seen() -> bool:
        return all(map(pool_module._has_news, side.store._pool._pool))

    await eventually(seen)
    assert await one(side.store.until(math.inf)) == 1


async def test_a_server_that_is_killed_is_unavailable_until_it_is_back(
    side: Side, stack: Stack
) -> None:
    assert await one(side.store.until(math.inf)) == 1
    stack.postgres.kill()
    try:
        await asyncio.sleep(0.1)
        await refused_in_time(side.store.until(time.monotonic() + 0.5))
    finally:
        stack.postgres.spawn()
        await asyncio.to_thread(stack.postgres.wait_ready)
    await recovered(side.store)
