"""Timelines in a real Redis that is slow, cut off, restarted or short of room."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import pytest
from msgspec import Struct
from msgspec.structs import replace

from infra.config import Settings
from infra.redis.client import AWAY
from infra.redis.markers import Markers, open_markers
from infra.redis.port import Move, Place
from infra.redis.timelines import REFILL_S, Keys, Timelines, open_timelines
from tests.infra.redis.damage import DAMAGES, Damage
from tests.infra.redis.wire import RedisWire, relayed_redis
from tests.stack import Stack

VIEWERS = [UUID(int=number) for number in range(1, 21)]
ANA = VIEWERS[0]
LANE = "posts/posts-0"
TOKEN = b"t" * 16
PATIENT_MS = 20_000
HASTY_MS = 300


class Both(Struct):
    """Both ends, over a wire under control."""

    settings: Settings
    wire: RedisWire
    reader: Timelines
    writer: Markers
    redis: Any
    keys: Keys

    @asynccontextmanager
    async def hasty(self) -> AsyncIterator[tuple[Timelines, Markers]]:
        """Both ends again, which give up on a silent Redis soon."""
        feeds = replace(self.settings.feeds, read_wait_ms=HASTY_MS, push_wait_ms=HASTY_MS)
        settings = replace(self.settings, feeds=feeds)
        async with open_timelines(settings) as reader, open_markers(settings) as writer:
            yield reader, writer

    async def begun(self) -> bytes:
        """A generation."""
        await self.writer.advance([Move(LANE, Place("1", 0), Place("1", 0))])
        generation = (await self.reader.glimpse(ANA)).generation
        assert generation is not None
        return generation

    async def filled(self, viewer: UUID) -> None:
        """A timeline that holds one entry, which names its viewer."""
        generation = await self.begun()
        await self.reader.begin(viewer, generation, TOKEN, anew=False)
        await self.reader.finish(viewer, generation, TOKEN, 0, [entry_of(viewer)])

    async def held(self, viewer: UUID) -> bytes:
        """What the viewer's timeline holds."""
        found = (await self.reader.glimpse(viewer)).timeline
        return b"" if found is None else found.entries


def entry_of(viewer: UUID) -> bytes:
    return b"\0" * 8 + viewer.bytes


@pytest.fixture
async def both(stack: Stack) -> AsyncIterator[Both]:
    settings = stack.settings()
    async with relayed_redis(settings.redis.url) as wire:
        settings = replace(
            settings,
            redis=replace(settings.redis, url=wire.url),
            feeds=replace(settings.feeds, read_wait_ms=PATIENT_MS, push_wait_ms=PATIENT_MS),
        )
        async with open_timelines(settings) as reader, open_markers(settings) as writer:
            keys = Keys(settings.redis.prefix)
            yield Both(settings, wire, reader, writer, reader._redis, keys)
            wire.resume()


async def test_who_is_called_off_leaves_nobody_the_wrong_answer(both: Both) -> None:
    for viewer in VIEWERS:
        await both.filled(viewer)
    chance = random.Random(3)

    async def look(viewer: UUID) -> None:
        assert await both.held(viewer) == entry_of(viewer)

    for _ in range(30):
        looks = [asyncio.create_task(look(viewer)) for viewer in VIEWERS]
        for one in chance.sample(looks, k=8):
            await asyncio.sleep(chance.random() / 1000)
            one.cancel()
        outcomes = await asyncio.gather(*looks, return_exceptions=True)
        assert all(one is None or isinstance(one, asyncio.CancelledError) for one in outcomes)


async def test_a_late_answer_is_nobody_elses(both: Both) -> None:
    for viewer in VIEWERS[:2]:
        await both.filled(viewer)
    async with both.hasty() as (reader, _):
        assert await held_at_last(reader, VIEWERS[1]) == entry_of(VIEWERS[1])
        for _ in range(3):
            both.wire.silence()
            with pytest.raises(AWAY):
                await reader.glimpse(VIEWERS[0])
            both.wire.resume()
            assert await held_at_last(reader, VIEWERS[1]) == entry_of(VIEWERS[1])


async def held_at_last(reader: Timelines, viewer: UUID) -> bytes:
    """What the viewer's timeline holds. On a busy machine answers may be late again."""
    while True:
        with suppress(*AWAY):
            found = (await reader.glimpse(viewer)).timeline
            return b"" if found is None else found.entries


async def test_a_silent_redis_is_given_up_in_time(both: Both) -> None:
    await both.begun()
    async with both.hasty() as (reader, writer):
        both.wire.silence()
        for call in (
            lambda: reader.glimpse(ANA),
            reader.merged,
            lambda: writer.push({ANA.bytes: [entry_of(ANA)]}),
            lambda: writer.advance([Move(LANE, Place("1", 0), Place("1", 1))]),
        ):
            async with asyncio.timeout(PATIENT_MS / 1000):
                with pytest.raises(AWAY):
                    await call()


async def test_scripts_that_a_restart_lost_are_brought_again(both: Both) -> None:
    await both.filled(ANA)
    await both.redis.script_flush()
    assert await both.held(ANA) == entry_of(ANA)
    assert await both.writer.push({ANA.bytes: [entry_of(VIEWERS[1])]}) == 1


async def test_a_timeline_that_cannot_take_an_entry_is_removed(both: Both) -> None:
    await both.begun()
    key = both.keys.timeline(ANA.bytes)
    await both.redis.set(key, "not a list")
    pushed = {viewer.bytes: [entry_of(viewer)] for viewer in VIEWERS}
    assert await both.writer.push(pushed) == 0
    assert not await both.redis.exists(key)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_a_damaged_timeline_is_none_and_can_be_made_anew(both: Both, damage: Damage) -> None:
    await both.filled(ANA)
    await damage(both.redis, both.keys.timeline(ANA.bytes))
    found = await both.reader.glimpse(ANA)
    assert (found.timeline, found.damaged) == (None, True)
    generation = await both.begun()
    assert await both.reader.begin(ANA, generation, TOKEN, anew=True) is not None
    assert await both.reader.finish(ANA, generation, TOKEN, 0, [entry_of(ANA)])
    assert await both.held(ANA) == entry_of(ANA)
    assert not (await both.reader.glimpse(ANA)).damaged


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_a_damaged_timeline_keeps_nothing_from_others(both: Both, damage: Damage) -> None:
    """However much is pushed, so that lists are cut."""
    ben = VIEWERS[1]
    short = replace(both.settings, feeds=replace(both.settings.feeds, timeline_entries_max=4))
    for viewer in (ANA, ben):
        await both.filled(viewer)
    await damage(both.redis, both.keys.timeline(ANA.bytes))
    async with open_markers(short) as writer:
        for number in range(12):
            pushed = UUID(int=100 + number)
            await writer.push({ANA.bytes: [entry_of(pushed)], ben.bytes: [entry_of(pushed)]})
            assert (await both.held(ben)).startswith(entry_of(pushed))


async def test_what_cannot_be_read_of_the_state_vouches_for_nothing(both: Both) -> None:
    await both.filled(ANA)
    await both.redis.hset(
        both.keys.state, mapping={LANE: "rubbish", b"\xff": "1 2", "x": "1 2 3 4"}
    )
    found = await both.reader.glimpse(ANA)
    assert LANE not in found.markers
    await both.redis.hset(both.keys.state, "merged", "many")
    assert (await both.reader.glimpse(ANA)).generation is None
    assert await both.reader.merged() == (None, frozenset())
    # The next move begins anew.
    await both.begun()


async def test_merged_authors_that_cannot_be_read_are_not_vouched_for(both: Both) -> None:
    await both.begun()
    await both.writer.merge([ANA.bytes])
    await both.redis.srem(both.keys.merged, ANA.bytes)
    await both.redis.sadd(both.keys.merged, "somebody")
    assert await both.reader.merged() == (None, frozenset())


async def test_timelines_live_as_long_as_they_are_read(both: Both) -> None:
    key = both.keys.timeline(ANA.bytes)
    await both.filled(ANA)
    full_s = both.settings.feeds.timeline_hours * 3600
    assert await both.redis.ttl(key) > full_s - 60
    await both.redis.expire(key, 60)
    await both.writer.push({ANA.bytes: [entry_of(ANA)]})
    assert await both.redis.ttl(key) <= 60
    await both.held(ANA)
    assert await both.redis.ttl(key) > full_s - 60


async def test_a_timeline_whose_refill_died_does_not_live_on_by_being_read(both: Both) -> None:
    generation = await both.begun()
    await both.reader.begin(ANA, generation, TOKEN, anew=False)
    await both.held(ANA)
    assert 0 < await both.redis.ttl(both.keys.timeline(ANA.bytes)) <= REFILL_S


async def test_everybody_who_has_a_timeline_is_listed(both: Both) -> None:
    for viewer in VIEWERS:
        await both.filled(viewer)
    await both.redis.set(both.keys.timeline(b"nobody"), "x")
    assert {viewer async for viewer in both.reader.viewers()} == set(VIEWERS)


async def test_worlds_with_patterns_in_their_names_keep_apart(both: Both) -> None:
    await both.filled(ANA)
    strange = replace(both.settings, redis=replace(both.settings.redis, prefix="[a-z]*?\\"))
    async with open_timelines(strange) as reader, open_markers(strange) as writer:
        assert [viewer async for viewer in reader.viewers()] == []
        await writer.advance([Move(LANE, Place("1", 0), Place("1", 0))])
        generation = (await reader.glimpse(ANA)).generation
        assert generation is not None
        await reader.begin(ANA, generation, TOKEN, anew=False)
        assert [viewer async for viewer in reader.viewers()] == [ANA]
        with suppress(*AWAY):
            await writer.forget([ANA.bytes])
    assert await both.held(ANA) == entry_of(ANA)


async def test_much_is_pushed_in_chunks(both: Both) -> None:
    viewers = [UUID(int=number) for number in range(1, 1202)]
    generation = await both.begun()
    for viewer in viewers[::400]:
        await both.reader.begin(viewer, generation, TOKEN, anew=False)
    many = [UUID(int=number).bytes + b"\0" * 8 for number in range(250)]
    assert await both.writer.push({viewer.bytes: many for viewer in viewers}) == 4 * 250
    for viewer in viewers[::400]:
        assert len(await both.held(viewer)) == 24 * 250
    await both.writer.forget([viewer.bytes for viewer in viewers])
    assert [viewer async for viewer in both.reader.viewers()] == []
