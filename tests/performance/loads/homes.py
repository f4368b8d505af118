"""Cached homes of one deployment, read in this process as the query side reads them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from infra.config import Settings
from infra.crypto.sealed import Seals
from infra.postgres.pool import Pool
from infra.redis.entries import above, opened, split
from infra.redis.timelines import Timelines, open_timelines
from queries.cursors import Cursors
from queries.feeds.freshness import short_of
from queries.feeds.opened import open_home
from queries.rpc.feeds import Feeds
from queries.store import Store
from schemas.gen import feeds_pb2
from tests.performance.loads.waiting import until
from tests.queries.world import call

READ_S: Final = 60.0
KEY: Final = bytes(range(32))
READERS: Final = 8


class Claim(NamedTuple):
    """A timeline: all posts later than `floor`, in microseconds since 1970, and nothing of others.

    What is below the floor was cut off, and PostgreSQL is asked for it.
    """

    floor: int
    posts: frozenset[tuple[datetime, UUID]]


class CachedHomes:
    """Timelines, and the reads that make them."""

    def __init__(self, feeds: Feeds, patient: Feeds, timelines: Timelines) -> None:
        self._feeds = feeds
        self._patient = patient
        self._timelines = timelines

    async def fill(self, viewers: Sequence[UUID]) -> None:
        """Reads everybody's home until each has a timeline; raises `TimeoutError`."""
        together = asyncio.Semaphore(READERS)

        async def one(viewer: UUID) -> None:
            async with together:
                await until(lambda: self._read(viewer), READ_S)

        async with asyncio.TaskGroup() as group:
            for viewer in viewers:
                group.create_task(one(viewer))

    async def vouched(self, ends: Mapping[str, int], within_s: float = READ_S) -> None:
        """Waits until the timelines have everything up to `ends`; raises `TimeoutError`."""

        async def marked() -> bool:
            found = await self._timelines.glimpse(UUID(int=0))
            return found.generation is not None and not short_of(found.markers, ends)

        await until(marked, within_s)

    async def claim(self, viewer: UUID) -> Claim | None:
        """What the viewer's timeline claims to hold; None if it claims nothing."""
        found = await self._timelines.glimpse(viewer)
        timeline = found.timeline
        if timeline is None or not timeline.ready or timeline.generation != found.generation:
            return None
        bottom = above(timeline.floor)
        entries = {opened(entry) for entry in split(timeline.entries) if entry >= bottom}
        return Claim(timeline.floor, frozenset(entries))

    async def page(self, viewer: UUID, size: int) -> list[UUID]:
        """The posts that the viewer's home begins with."""
        return await _page(self._feeds, viewer, size)

    async def _read(self, viewer: UUID) -> bool:
        await _page(self._patient, viewer, 1)
        found = (await self._timelines.glimpse(viewer)).timeline
        return found is not None and found.ready


@asynccontextmanager
async def cached_homes(settings: Settings, pool: Pool) -> AsyncIterator[CachedHomes]:
    """The homes of these settings, whose read models are there already."""
    store = Store(pool, READ_S)
    # Reads have PostgreSQL when Redis is slow; those who fill timelines, or look, wait for it.
    feeds = replace(settings.feeds, read_wait_ms=int(READ_S * 1000))
    patient = replace(settings, feeds=feeds)
    cursors = Cursors(Seals(KEY))
    async with (
        open_home(settings, store) as home,
        open_home(patient, store) as patient_home,
        open_timelines(patient) as timelines,
    ):
        asked, filling = [Feeds(store, cursors, each) for each in (home, patient_home)]
        yield CachedHomes(asked, filling, timelines)


async def _page(feeds: Feeds, viewer: UUID, size: int) -> list[UUID]:
    request = feeds_pb2.ReadHomeRequest(page_size=size)
    found = await feeds.ReadHome(request, call(viewer, READ_S))
    return [UUID(post.post_id) for post in found.posts]
