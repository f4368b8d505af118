"""A reader misses nothing that the stream still has, and says where the stream has less."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from uuid import UUID

import nats
import pytest
from msgspec.structs import replace

from infra.config_servers import NatsSettings
from infra.nats import reader as module
from infra.nats.items import Address, Item, Scope, subjects_of
from infra.nats.publisher import open_publisher
from infra.nats.reader import SILENCE_S, Began, Reader
from infra.nats.stream import stream_name
from tests.infra.nats.reading import Read, reading
from tests.stack import Stack, paused

SLOW_S = 0.01
SECONDS = 30.0
TO_ANA = Address(Scope.ACCOUNT, UUID(int=0xA))


async def sent(settings: NatsSettings, *numbers: int) -> None:
    """Sends an item for each number."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    async with open_publisher(settings) as publishing:
        publishing.send([(TO_ANA, Item("follow.requested", "people-0", n, at)) for n in numbers])


def numbers(read: Read) -> list[int]:
    """The numbers of the items that were read."""
    return [one[1].offset for one in read.items if one is not None]


async def test_who_begins_gets_what_was_sent_before_as_far_as_asked(stack: Stack) -> None:
    settings = stack.settings().nats
    await sent(settings, *range(10))
    async with reading(settings, backlog=4) as read:
        await read.until(messages=4)
        await sent(settings, 10)
        await read.until(messages=5)
    assert numbers(read) == [6, 7, 8, 9, 10]
    [began] = read.began
    assert (began.first, began.last) == (7, 10)
    assert [one.sequence for one in read.messages] == [7, 8, 9, 10, 11]


async def test_who_begins_on_an_empty_stream_waits_for_its_first_message(stack: Stack) -> None:
    settings = stack.settings().nats
    async with reading(settings) as read:
        await read.until(beginnings=1)
        await sent(settings, 1)
        await read.until(messages=1)
    assert (read.began[0].first, read.began[0].last) == (1, 0)


async def test_the_stream_drops_the_oldest_and_the_reader_shows_the_step(stack: Stack) -> None:
    settings = replace(stack.settings().nats, live_items_max=100)
    await sent(settings, *range(150))
    async with reading(settings) as read:
        await read.until(messages=100)
    assert numbers(read) == [*range(50, 150)]
    assert read.began[0].first == 51


async def test_a_server_that_froze_for_long_costs_nothing(stack: Stack) -> None:
    settings = stack.settings().nats
    async with reading(settings) as read:
        await sent(settings, 1)
        await read.until(messages=1)
        with paused(stack.nats):
            await asyncio.sleep(2 * SILENCE_S)
        await sent(settings, 2)
        await read.until(messages=2)
    assert numbers(read) == [1, 2]


async def test_a_consumer_that_the_server_dropped_is_made_anew_where_it_was(stack: Stack) -> None:
    settings = stack.settings().nats
    client = await nats.connect(settings.url)
    try:
        async with reading(settings) as read:
            await sent(settings, 1)
            await read.until(messages=1)
            stream = client.jetstream()
            [consumer] = await stream.consumers_info(stream_name(settings))
            await stream.delete_consumer(stream_name(settings), consumer.name)
            await sent(settings, 2, 3)
            await read.until(beginnings=2, messages=3)
    finally:
        await client.close()
    assert numbers(read) == [1, 2, 3]
    assert read.began[1].first == 2


async def test_a_reader_that_is_too_slow_reads_again_what_it_could_not_take(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WAITING_MAX", 2)
    monkeypatch.setattr(module, "_PENDING_MAX", 4)
    settings = stack.settings().nats
    beginnings, found = 0, list[int]()
    async with asyncio.timeout(SECONDS), aclosing(Reader(settings, backlog=100).read()) as reading:
        async for one in reading:
            if isinstance(one, Began):
                beginnings += 1
                if beginnings == 1:
                    await sent(settings, *range(40))
                continue
            found.append(one.sequence)
            await asyncio.sleep(SLOW_S)
            if one.sequence == 40:
                break
    assert found == [*range(1, 41)]
    assert beginnings > 1


async def test_a_deleted_stream_is_made_anew_as_another_incarnation(stack: Stack) -> None:
    settings = stack.settings().nats
    client = await nats.connect(settings.url)
    try:
        async with reading(settings) as read:
            await sent(settings, 1)
            await read.until(messages=1)
            await client.jetstream().delete_stream(stream_name(settings))
            await read.until(beginnings=2)
            await sent(settings, 2)
            await read.until(messages=2)
    finally:
        await client.close()
    assert numbers(read) == [1, 2]
    first, second = read.began
    assert first.incarnation != second.incarnation
    assert (second.first, second.last) == (1, 0)


async def test_worlds_do_not_hear_each_other(stack: Stack) -> None:
    ours, theirs = stack.settings().nats, stack.settings().nats
    assert subjects_of(ours) != subjects_of(theirs)
    async with reading(ours) as read:
        await read.until(beginnings=1)
        await sent(theirs, 1)
        await sent(ours, 2)
        await read.until(messages=1)
    assert numbers(read) == [2]
