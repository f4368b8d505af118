"""Home over a world of rows, with timelines in a real Redis and lanes that tests move by hand."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from events.position import NOWHERE, Position
from infra.config import Settings
from infra.crypto.sealed import Seals
from infra.redis.entries import entry
from infra.redis.markers import Markers, open_markers
from infra.redis.port import Move, Place
from infra.redis.timelines import Timelines, open_timelines
from queries.cursors import Cursors
from queries.feeds import meters
from queries.feeds.home import RECONSIDERED_S, Home
from queries.feeds.refills import Refills, running
from queries.feeds.rows import StoredRows
from queries.reads import timelines as reads
from queries.rpc.feeds import Feeds
from schemas.gen import feeds_pb2 as pb
from tests.eventually import eventually
from tests.infra.redis.wire import RedisWire, relayed_redis
from tests.queries.conftest import KEY, Side
from tests.queries.world import ANA, BEN, CLO, DAN, call, minute_of

LANES = (("posts", "posts-0"), ("graph", "people-0"), ("graph", "people-1"))
ENTRIES_MAX = 150
PATIENT_MS = 60_000
LATE_MS = 60_000


class Cached:
    """The query side over one world, its home read through timelines."""

    def __init__(
        self,
        side: Side,
        wire: RedisWire,
        timelines: Timelines,
        markers: Markers,
        refills: Refills,
        settings: Settings,
    ) -> None:
        self.side = side
        self.world = side.world
        self.wire = wire
        self.timelines = timelines
        self.markers = markers
        self.settings = settings
        self.clock_s = 0.0
        self.offset = 0
        self._refills = refills
        self.read_through(timelines)

    def read_through(self, timelines: Timelines) -> None:
        """From now on home is read through these."""
        home = Home(self.settings.feeds, timelines, self._refills, clock=lambda: self.clock_s)
        self.feeds = Feeds(self.side.store, Cursors(Seals(KEY)), home)

    async def read(self, viewer: UUID = ANA, position: Position = NOWHERE, **asked: Any) -> pb.Feed:
        """A page of home through the cache."""
        request = pb.ReadHomeRequest(**asked)
        return await self.feeds.ReadHome(request, replace(call(viewer), position=position))

    async def expected(self, viewer: UUID = ANA, **asked: Any) -> pb.Feed:
        """The page as PostgreSQL alone answers it."""
        return await self.side.feeds.ReadHome(pb.ReadHomeRequest(**asked), call(viewer))

    async def outcome(self, **asked: Any) -> str:
        """How a page was answered, which must be as PostgreSQL alone answers it."""
        before = counts()
        page = await self.read(**asked)
        asked.pop("position", None)
        assert page == await self.expected(**asked)
        [outcome] = [name for name, count in counts().items() if count > before[name]]
        return outcome

    async def lanes(self) -> dict[str, Place]:
        """Where the lanes are."""
        found = await reads.lanes(self.side.store.until(call(ANA).deadline_s))
        return {lane: replace(place, at=found.now) for lane, place in found.places.items()}

    async def commit(self) -> None:
        """Every lane goes on by one, in the tables alone."""
        self.offset += 1
        for model, partition in LANES:
            await self.world.checkpoint(model, partition, self.offset)

    async def vouch(self) -> None:
        """The markers are where the lanes are; a new generation if they were elsewhere."""
        lanes = await self.lanes()
        await self.markers.advance([Move(lane, place, place) for lane, place in lanes.items()])

    async def publish(
        self, author: UUID, minute: int, readers: Sequence[UUID], **given: Any
    ) -> UUID:
        """A post that is committed, pushed to the timelines of `readers`, and vouched for."""
        post = await self.world.post(author, minute, **given)
        before = await self.lanes()
        await self.commit()
        after = await self.lanes()
        new = entry(minute_of(minute), post)
        await self.markers.push({reader.bytes: [new] for reader in readers})
        await self.markers.advance([Move(lane, before[lane], after[lane]) for lane in after])
        return post

    async def fill(self, viewer: UUID = ANA) -> None:
        """Read until the viewer's home comes from a timeline."""

        async def hits() -> bool:
            self.clock_s += RECONSIDERED_S
            return await self.outcome(viewer=viewer) == meters.HIT

        await eventually(hits)


def counts() -> dict[str, float]:
    """How often each outcome came so far."""
    return {name: meter._value.get() for name, meter in meters.OUTCOMES.items()}


@pytest.fixture
async def cached(side: Side, settings: Settings) -> AsyncIterator[Cached]:
    """ANA follows BEN and CLO, DAN is a stranger; all lanes are vouched for."""
    for account, handle in ((ANA, "ana"), (BEN, "ben"), (CLO, "clo"), (DAN, "dan")):
        await side.world.person(account, handle)
    await side.world.follow(ANA, BEN)
    await side.world.follow(ANA, CLO)
    feeds = replace(
        settings.feeds,
        timeline_entries_max=ENTRIES_MAX,
        marker_late_ms_max=LATE_MS,
        read_wait_ms=PATIENT_MS,
        push_wait_ms=PATIENT_MS,
    )
    async with relayed_redis(settings.redis.url) as wire:
        redis = replace(settings.redis, url=wire.url)
        relayed = replace(settings, feeds=feeds, redis=redis)
        async with open_timelines(relayed) as timelines, open_markers(relayed) as markers:

            def rows_of(viewer: UUID) -> StoredRows:
                return StoredRows(side.store.until(call(viewer).deadline_s), viewer)

            refills = Refills(timelines, rows_of, ENTRIES_MAX)
            async with running(refills, 1):
                made = Cached(side, wire, timelines, markers, refills, relayed)
                await made.commit()
                await made.vouch()
                yield made
                wire.resume()
