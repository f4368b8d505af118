"""News reaches whoever listens, never holds up whoever sends it, and is never lost in silence."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest

from infra.nats import publisher
from infra.nats.items import Address, Item, Scope
from infra.nats.publisher import Publisher, open_publisher
from tests.infra.nats.reading import reading
from tests.stack import Stack

ANA, BEN = UUID(int=0xA), UUID(int=0xB)
TO_ANA = Address(Scope.ACCOUNT, ANA)


def item(offset: int) -> Item:
    return Item("follow.requested", "people-0", offset, datetime(2026, 3, 1, tzinfo=UTC), (BEN,))


def dropped() -> float:
    return float(publisher.PUBLISHED.labels("dropped")._value.get())


async def test_who_follows_the_stream_gets_every_item_in_order(stack: Stack) -> None:
    settings = stack.settings().nats
    sent = [(Address(scope, ANA), item(number)) for number, scope in enumerate(Scope)]
    async with reading(settings) as read, open_publisher(settings) as publishing:
        publishing.send(sent)
        await read.until(messages=3)
    assert read.items == sent


async def test_what_was_sent_before_the_end_of_the_process_arrives(stack: Stack) -> None:
    settings = stack.settings().nats
    sent = [(TO_ANA, item(number)) for number in range(2000)]
    async with open_publisher(settings) as publishing:
        publishing.send(sent)
    async with reading(settings, backlog=2000) as read:
        await read.until(messages=2000)
    assert read.items == sent


async def test_items_too_many_are_dropped_and_that_is_told(stack: Stack) -> None:
    settings = stack.settings().nats
    before = dropped()
    async with reading(settings, backlog=50_000) as read, open_publisher(settings) as publishing:
        publishing.send([(TO_ANA, item(number)) for number in range(publisher.WAITING_MAX + 5)])
        publishing.send([(TO_ANA, item(0))])
        await read.until(messages=publisher.WAITING_MAX, losses=1)
    assert dropped() - before == 6


async def test_losses_at_one_time_are_told_once(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "QUIET_S", 1.0)
    settings = stack.settings().nats
    async with reading(settings) as read, open_publisher(settings) as publishing:
        await read.until(beginnings=1)
        for _ in range(10):
            publishing.lost("a test")
            await asyncio.sleep(0)
        await read.until(losses=1)
        publishing.send([(TO_ANA, item(1))])
        await read.until(messages=2)
    assert read.items == [None, (TO_ANA, item(1))]


async def test_while_nats_is_away_nobody_waits_and_what_waits_is_bounded(stack: Stack) -> None:
    publishing = Publisher(stack.settings().nats)
    before = dropped()
    publishing.send([(TO_ANA, item(number)) for number in range(publisher.WAITING_MAX + 5)])
    assert dropped() - before == 5


async def test_after_nats_was_away_a_loss_is_told_and_news_arrives_again(stack: Stack) -> None:
    settings = stack.settings().nats
    async with reading(settings) as read, open_publisher(settings) as publishing:
        publishing.send([(TO_ANA, item(1))])
        await read.until(messages=1)
        stack.nats.kill()
        publishing.send([(TO_ANA, item(2))])
        stack.nats.start()
        stack.nats.wait_ready()
        await read.until(beginnings=2, losses=1)
        publishing.send([(TO_ANA, item(3))])
        # A connection that broke twice, as it may when much else goes on, is told of twice.
        await read.until_item((TO_ANA, item(3)))
    assert read.began[0].incarnation != read.began[1].incarnation
