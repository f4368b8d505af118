"""Nobody is answered out of less than the read models held, whatever PostgreSQL has lost."""

import math
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from msgspec import Struct
from psycopg import sql

from infra.postgres.prompt import PromptConnection
from queries.statement import statement
from queries.store import Store
from schemas.refusals import Unavailable
from tests.queries.conftest import Side

PARTITION = "people-3"
ONE = statement(sql.SQL("select 1 as number"))


class Number(Struct, frozen=True):
    """A row."""

    number: int


@pytest.fixture
async def known(side: Side) -> Side:
    """The query side, which has found that every model is at 5."""
    await at(side, 5)
    await side.waiting.require({PARTITION: 5}, within_s=1)
    return side


async def at(side: Side, offset: int) -> None:
    for model in ("accounts", "bookmarks", "graph"):
        await side.world.checkpoint(model, PARTITION, offset)


async def replaced(store: Store) -> None:
    """The one connection that is open leads to a server that started later."""
    async with store._pool.connection() as connection:
        assert isinstance(connection, PromptConnection)
        assert connection.server is not None
        connection.server += timedelta(minutes=1)


async def read(store: Store) -> int:
    [row] = await store.until(math.inf).rows(Number, ONE, {})
    return row.number


async def read_in_a_snapshot(store: Store) -> int:
    async with store.snapshot(math.inf) as reader:
        [row] = await reader.rows(Number, ONE, {})
    return row.number


@pytest.mark.parametrize("reading", [read, read_in_a_snapshot])
async def test_another_server_serves_once_it_holds_what_was_held(
    known: Side, reading: Callable[[Store], Awaitable[int]]
) -> None:
    await at(known, 4)
    await replaced(known.store)
    with pytest.raises(Unavailable, match="being filled again"):
        await reading(known.store)
    await at(known, 5)
    assert await reading(known.store) == 1


async def test_a_read_goes_on_elsewhere_only_if_what_it_waited_for_is_there(known: Side) -> None:
    reader = known.store.until(math.inf)
    await at(known, 4)
    await replaced(known.store)
    with pytest.raises(Unavailable, match="being filled again"):
        await reader.rows(Number, ONE, {})


async def test_whoever_waits_for_a_position_waits_for_it_there_as_well(known: Side) -> None:
    await at(known, 4)
    await replaced(known.store)
    assert not await known.waiting.applied({PARTITION: 5}, within_s=0.1)
    assert await known.waiting.applied({PARTITION: 4}, within_s=1)
    await at(known, 5)
    await known.waiting.require({PARTITION: 5}, within_s=1)


async def test_a_server_that_lost_nothing_serves_at_once(known: Side) -> None:
    await replaced(known.store)
    assert await read(known.store) == 1


async def test_the_question_is_asked_once(known: Side) -> None:
    await replaced(known.store)
    await read(known.store)
    known.wire.reset()
    await read(known.store)
    assert known.wire.round_trips == 1
