"""Saves that one statement cannot take, as after a long outage of PostgreSQL."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Mapping

import psycopg
import pytest

from events.topics import Partition
from infra.checkpoints import postgres
from infra.checkpoints.port import Saved
from infra.checkpoints.postgres import PostgresCheckpoints, open_checkpoints, portions
from infra.config import Settings
from schemas.refusals import Unavailable
from tests.stack import Stack

PEOPLE = Partition("people", 0)
BEFORE, AFTER = Saved(offset=42), Saved(offset=60)
HEADS = {f"tie-{number}": b"after" for number in range(7)}


@pytest.fixture
def settings(stack: Stack) -> Settings:
    return stack.settings()


@pytest.fixture
async def checkpoints(settings: Settings) -> AsyncIterator[PostgresCheckpoints]:
    async with open_checkpoints(settings) as opened:
        await opened.take(PEOPLE, 7)
        await opened.save(PEOPLE, 7, BEFORE, {"tie-0": b"before"})
        yield opened


@pytest.fixture
def two_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement takes two heads."""
    monkeypatch.setattr(postgres, "STATEMENT_HEADS_MAX", 2)


@pytest.mark.parametrize(
    ("heads_max", "bytes_max", "sizes"),
    [(7, 99, [7]), (2, 99, [2, 2, 2, 1]), (7, 12, [2, 2, 2, 1]), (7, 5, [1] * 7), (7, 1, [1] * 7)],
)
def test_portions_are_bounded_by_number_and_by_size(
    monkeypatch: pytest.MonkeyPatch, heads_max: int, bytes_max: int, sizes: list[int]
) -> None:
    monkeypatch.setattr(postgres, "STATEMENT_HEADS_MAX", heads_max)
    monkeypatch.setattr(postgres, "STATEMENT_BYTES_MAX", bytes_max)
    parts = list(portions(HEADS))
    assert [len(part) for part in parts] == sizes
    assert {stream: head for part in parts for stream, head in part.items()} == HEADS


def test_a_save_without_heads_has_one_portion() -> None:
    assert list(portions({})) == [{}]


async def test_all_statements_of_a_save_count_together(
    checkpoints: PostgresCheckpoints, two_each: None
) -> None:
    await checkpoints.save(PEOPLE, 7, AFTER, HEADS, since=42)
    assert await checkpoints.peek(PEOPLE) == AFTER
    assert await checkpoints.load(PEOPLE, list(HEADS)) == HEADS


async def test_a_save_that_fails_on_its_way_changes_nothing(
    checkpoints: PostgresCheckpoints, two_each: None
) -> None:
    with pytest.raises(psycopg.DataError):
        await checkpoints.save(PEOPLE, 7, AFTER, {**HEADS, "tie-\0": b"not in PostgreSQL"})
    assert await checkpoints.peek(PEOPLE) == BEFORE
    assert await checkpoints.load(PEOPLE, list(HEADS)) == {"tie-0": b"before"}


class Paused(Mapping[str, bytes]):
    """Heads whose owner stands still once it comes to the last: the fence is locked by then."""

    def __init__(self) -> None:
        self.stands_still = threading.Event()
        self.goes_on = threading.Event()

    def __getitem__(self, stream: str) -> bytes:
        if stream == "tie-6":
            self.stands_still.set()
            assert self.goes_on.wait(60)
        return HEADS[stream]

    def __iter__(self) -> Iterator[str]:
        return iter(HEADS)

    def __len__(self) -> int:
        return len(HEADS)


async def test_an_owner_that_stands_still_between_two_statements_does_not_keep_others_out(
    settings: Settings, checkpoints: PostgresCheckpoints, two_each: None
) -> None:
    heads = Paused()

    async def save() -> None:
        async with open_checkpoints(settings) as own:
            await own.save(PEOPLE, 7, AFTER, heads, since=42)

    saving = asyncio.create_task(asyncio.to_thread(asyncio.run, save()))
    await asyncio.to_thread(heads.stands_still.wait, 60)
    try:
        assert await checkpoints.take(PEOPLE, 50) == BEFORE
    finally:
        heads.goes_on.set()
    with pytest.raises(Unavailable):
        await saving
    assert await checkpoints.load(PEOPLE, list(HEADS)) == {"tie-0": b"before"}
