"""A session counts as closed once the read model says so, and never by mere absence."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from infra.auth.sessions import ClosedSessions
from infra.crypto.uuid7 import new_uuid7
from infra.postgres.pool import Pool
from schemas.refusals import Unavailable
from tests.infra.postgres.world import open_world
from tests.stack import Stack

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
OPEN, CLOSED, UNKNOWN = (new_uuid7(NOON) for _ in range(3))
TABLES = ["create table if not exists sessions (session_id uuid, closed_at timestamptz)"]


@pytest.fixture
async def pool(stack: Stack) -> AsyncIterator[Pool]:
    """The read model with one open and one closed session."""
    async with open_world(stack, TABLES) as (pool, _):
        async with pool.connection() as connection:
            rows = "insert into sessions values (%s, null), (%s, now())"
            await connection.execute(rows, (OPEN, CLOSED))
        yield pool


async def test_a_session_with_a_closing_time_is_closed(pool: Pool) -> None:
    assert await ClosedSessions(pool).is_closed(CLOSED)


async def test_others_are_open(pool: Pool) -> None:
    assert not await ClosedSessions(pool).is_closed(OPEN)


async def test_a_session_that_the_read_model_has_not_reached_is_open(pool: Pool) -> None:
    assert not await ClosedSessions(pool).is_closed(UNKNOWN)


async def test_without_the_read_model_nobody_knows(stack: Stack) -> None:
    async with open_world(stack, []) as (pool, _):
        with pytest.raises(Unavailable) as refused:
            await ClosedSessions(pool).is_closed(OPEN)
    assert refused.value.reason == "STORE_UNAVAILABLE"


async def test_without_the_database_nobody_knows(stack: Stack, pool: Pool) -> None:
    stack.postgres.kill()
    try:
        with pytest.raises(Unavailable):
            await ClosedSessions(pool).is_closed(CLOSED)
    finally:
        stack.postgres.restart()
    assert await ClosedSessions(pool).is_closed(CLOSED)
