"""Hints reach whoever listens, and never hold up whoever sends them."""

import asyncio
from uuid import UUID

import msgspec
import nats

from infra.nats import hints
from infra.nats.hints import Hints, LiveHint, open_hints, subject_of
from tests.projections.folding import ANA, BEN
from tests.stack import Stack


async def test_a_listener_gets_what_is_news_for_the_account(stack: Stack) -> None:
    settings = stack.settings().nats
    client = await nats.connect(settings.url)
    try:
        heard = await client.subscribe(subject_of(settings, ANA))
        await client.flush()
        async with open_hints(settings) as publisher:
            to_ben = LiveHint("follow.ended", "people-1", 6)
            to_ana = LiveHint("follow.requested", "people-0", 7, (BEN,))
            publisher.send([(BEN, to_ben), (ANA, to_ana)])
            message = await heard.next_msg(timeout=5)
        assert message.subject == f"{settings.prefix}live.{ANA}"
        assert msgspec.json.decode(message.data, type=LiveHint) == to_ana
        assert set(msgspec.json.decode(message.data)) == {"kind", "partition", "offset", "ids"}
    finally:
        await client.close()


async def test_while_nats_is_away_hints_wait_and_those_too_many_are_dropped(
    stack: Stack,
) -> None:
    settings = stack.settings().nats
    publisher = Hints(settings)
    news = [(UUID(int=1), LiveHint("follow.ended", "people-0", 1))]
    before = hints.PUBLISHED.labels("dropped")._value.get()
    publisher.send(news * (hints.WAITING_MAX + 5))
    publisher.send(news)
    assert hints.PUBLISHED.labels("dropped")._value.get() - before == 6


async def test_the_connection_is_made_again_after_nats_was_away(stack: Stack) -> None:
    settings = stack.settings().nats
    async with open_hints(settings) as publisher:
        publisher.send([(ANA, LiveHint("one", "people-0", 1))])
        await asyncio.sleep(0.2)
        stack.nats.kill()
        publisher.send([(ANA, LiveHint("lost", "people-0", 2))])
        stack.nats.start()
        stack.nats.wait_ready()
        client = await nats.connect(settings.url)
        try:
            heard = await client.subscribe(subject_of(settings, ANA))
            await client.flush()
            async with asyncio.timeout(15):
                while not heard.pending_msgs:
                    publisher.send([(ANA, LiveHint("again", "people-0", 3))])
                    await asyncio.sleep(0.2)
        finally:
            await client.close()
