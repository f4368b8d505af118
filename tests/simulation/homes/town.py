"""The product's own parts in simulated processes: workers that fan out, and readers of homes."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from events.event import Event
from infra.config_services import FeedsSettings
from infra.redis.port import Place
from infra.worker.progress import Overtaken
from projections.commits import Commit
from projections.fan_out import FanOut
from projections.model import Moment
from projections.models import graph, posts
from projections.touches import Touch
from queries.feeds.home import Home
from queries.feeds.refills import Refills
from queries.paging import Edge
from tests.infra.redis.memory import MemoryTimelines
from tests.simulation.homes.database import Database, time_of
from tests.simulation.homes.links import (
    Link,
    LinkedFollowers,
    LinkedRows,
    LinkedTimelines,
    Weather,
    micros_of,
)
from tests.simulation.loop import SimulatedLoop

PERSONS: Final = tuple(UUID(int=number) for number in range(1, 6))
LANES: Final = ("posts/posts-0", "posts/posts-1", "graph/people-0", "graph/people-1")
FOLLOWERS_MOST: Final = 2
KEPT: Final = 8
FILLED: Final = 6
LATE_S: Final = 0.3
PAGE: Final = 3
CHECK_S: Final = 0.1
REFILL_S: Final = 0.5
WAITING_MAX: Final = 30


class Worker:
    """A worker process: lanes of its own, and the step behind their commits."""

    def __init__(self, town: "Town", name: str) -> None:
        self._town = town
        self.name = name
        self._database = Link(town.loop, town.dice, town.postgres)
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self.fan_out = FanOut(
            LinkedTimelines(Link(town.loop, town.dice, town.redis), lambda: town.cache),
            LinkedFollowers(self._database, town.database, FOLLOWERS_MOST),
            lambda: self._database.ask(self._places),
            waiting_max=WAITING_MAX,
            check_s=CHECK_S,
            clock=lambda: town.loop.now,
        )
        town.loop.spawn(name, self.fan_out.run())

    @property
    def lanes(self) -> list[str]:
        """Which it has, or believes to have."""
        return list(self._lanes)

    def assign(self, lane: str) -> None:
        """From now on the lane is this worker's."""
        if lane not in self._lanes:
            self._lanes[lane] = self._town.loop.spawn(self.name, self._follow(lane))

    def revoke(self, lane: str) -> None:
        """From now on the lane is somebody else's."""
        task = self._lanes.pop(lane, None)
        if task is not None:
            task.cancel()
            self.fan_out.released(lane)

    async def _follow(self, lane: str) -> None:
        """As `infra.worker.lane` and `projections.subscriber` do it, without the host."""
        while True:
            try:
                self.fan_out.released(lane)
                place = await self._database.ask(lambda: self._load(lane))
                self.fan_out.resumed(lane, place)
                while True:
                    place = await self._step(lane, place)
            except (ConnectionError, Overtaken):
                await asyncio.sleep(0.02)

    async def _places(self) -> Mapping[str, Place]:
        return self._town.database.now.lanes

    async def _load(self, lane: str) -> Place:
        return self._town.database.now.lanes[lane]

    async def _step(self, lane: str, place: Place) -> Place:
        following = place.offset + 1
        events = self._town.log[lane][following : following + self._town.dice.randint(1, 4)]
        if not events:
            await asyncio.sleep(0.005)
            return place
        began_s = self._town.loop.now
        offset = place.offset + len(events)
        after = Place(place.lineage, offset, f"r{offset}", micros_of(began_s))
        await self._database.ask(lambda: self._commit(lane, place, after, events))
        touches = _touches(lane, following, events)
        self.fan_out.committed(Commit(lane, place, after, touches, began_s))
        return after

    async def _commit(
        self, lane: str, before: Place, after: Place, events: Sequence[Event]
    ) -> None:
        self._town.database.commit(lane, before, after, events, self._town.loop.now)


class Reading(Struct):
    """One page that somebody read: what they asked, when, and what they got."""

    viewer: UUID
    position: Mapping[str, int]
    after: Edge
    began_s: float = 0.0
    ended_s: float = 0.0
    places: Sequence[Edge] = ()


class Readers:
    """A process of the query side."""

    def __init__(self, town: "Town", name: str) -> None:
        self._town = town
        self.name = name
        self._database = Link(town.loop, town.dice, town.reads)
        link = Link(town.loop, town.dice, town.redis, lossless=True)
        timelines = LinkedTimelines(link, lambda: town.cache)
        self._refills = Refills(timelines, self._rows, FILLED)
        settings = FeedsSettings(marker_late_ms_max=round(1000 * LATE_S))
        self.home = Home(settings, timelines, self._refills, lambda: town.loop.now)
        for _ in range(2):
            town.loop.spawn(name, self._refills.run())

    def _rows(self, viewer: UUID) -> LinkedRows:
        return LinkedRows(self._database, self._town.database, viewer)

    async def read(self, reading: Reading) -> None:
        """Read one page; without an answer there is nothing to judge."""
        reading.began_s = self._town.loop.now
        rows = self._rows(reading.viewer)
        try:
            found = await self.home.places(
                rows, reading.viewer, reading.position, reading.after, PAGE
            )
        except ConnectionError:
            return
        reading.places = [Edge(id=place.id, since=place.since) for place in found]
        reading.ended_s = self._town.loop.now
        self._town.readings.append(reading)


class Town:
    """Everything of one schedule."""

    def __init__(
        self,
        loop: SimulatedLoop,
        dice: random.Random,
        redis: Weather,
        postgres: Weather,
        reading_s: float,
    ) -> None:
        self.loop = loop
        self.dice = dice
        self.redis = redis
        self.postgres = postgres
        self.reads = Weather(slow_s=reading_s, lost=0.0, late=0.0, late_s=0.0)
        self.database = Database(LANES)
        self.cache = MemoryTimelines(KEPT, lambda: loop.now, REFILL_S)
        self.log: dict[str, list[Event]] = {lane: [] for lane in LANES}
        self.readings: list[Reading] = []
        self.workers: list[Worker] = []
        self.readers: list[Readers] = []
        self._started = 0

    def start_worker(self) -> Worker:
        """One more worker, which has no lanes yet."""
        self._started += 1
        worker = Worker(self, f"worker-{self._started}")
        self.workers.append(worker)
        return worker

    def start_readers(self) -> Readers:
        """One more process that answers."""
        self._started += 1
        readers = Readers(self, f"queries-{self._started}")
        self.readers.append(readers)
        return readers

    def happens(self, event: Event) -> None:
        """The event is in the log."""
        self.log[lane_of(event)].append(event)

    def exchange_posts(self) -> None:
        """Another build of the posts goes live, which has what the first one mislaid."""
        now = self.database.now
        lanes = {
            lane: replace(place, lineage="2.0") if lane.startswith("posts") else place
            for lane, place in now.lanes.items()
        }
        self.database.become(replace(now, whole=True, lanes=lanes), self.loop.now)


def lane_of(event: Event) -> str:
    """Which lane folds the event: by the post, or by the person whose shard it is in."""
    post = getattr(event, "post_id", None)
    if post is not None:
        return f"posts/posts-{post.int % 2}"
    names = ("target_id", "blocker_id", "muter_id", "account_id")
    [person] = [getattr(event, name) for name in names if hasattr(event, name)]
    return f"graph/people-{person.int % 2}"


def _touches(lane: str, first: int, events: Sequence[Event]) -> list[Touch]:
    model = posts if lane.startswith("posts") else graph
    partition = lane.partition("/")[2]
    return [
        touch
        for offset, event in enumerate(events, start=first)
        for touch in model.touches(event, Moment(time_of(offset, lane), partition, offset))
    ]
