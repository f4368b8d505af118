"""People whose homes are read through the cache and without it, over real servers and workers."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from events.accounts import VisibilityChanged
from events.event import Event
from events.graph import (
    BlockLifted,
    BlockSet,
    FollowEnded,
    FollowEstablished,
    FollowRequested,
    MuteLifted,
    MuteSet,
)
from events.position import Position
from events.posts import Audience, PostDeleted, PostEdited, PostPublished
from events.topics import PEOPLE, POSTS, Topic
from infra.config import Settings
from infra.crypto import key_vault
from infra.crypto.keyring import open_keyring
from infra.crypto.keys import load_key
from infra.crypto.sealed import Seals
from infra.log import topics
from infra.log.kafka import open_log
from infra.postgres.pool import open_pool
from infra.postgres.schema import ensure
from infra.redis.client import AWAY, connect
from infra.redis.timelines import Timelines, open_timelines
from infra.worker import checkpoints
from queries.cursors import Cursors
from queries.feeds import meters
from queries.feeds.freshness import short_of
from queries.feeds.home import Home
from queries.feeds.opened import open_home
from queries.positions import Waiting
from queries.reads.timelines import lanes
from queries.rpc.feeds import Feeds
from queries.store import Store
from schemas.gen import feeds_pb2 as pb
from tests.eventually import eventually
from tests.projections.models.test_accounts import registered
from tests.projections.workers import Load, Workers, nimble, workers
from tests.queries.world import call
from tests.stack import Stack

PERSONS: Final = [UUID(int=(7 << 76) + number) for number in range(1, 8)]
CAUGHT_UP_S: Final = 60.0
KEY: Final = bytes(range(32))

Happening = tuple[Topic, UUID, Event]


class Homes:
    """A town's homes: `live` lets something happen, `compare` reads every home both ways."""

    def __init__(
        self,
        settings: Settings,
        load: Load,
        running: Workers,
        store: Store,
        home: Home,
        timelines: Timelines,
        chance: random.Random,
    ) -> None:
        self.settings = settings
        self.load = load
        self.workers = running
        self.chance = chance
        self.outcomes: Counter[str] = Counter()
        self._store = store
        self._waiting = Waiting(store, CAUGHT_UP_S)
        self._timelines = timelines
        cursors = Cursors(Seals(KEY))
        self._through_cache = Feeds(store, cursors, home)
        self._without = Feeds(store, cursors)
        self._posts: list[tuple[UUID, UUID]] = []

    async def begin(self) -> None:
        """Everybody registers; some follow each other and wrote something."""
        await self.load.begin(PERSONS)
        await self._decide([(PEOPLE, one, registered(one)) for one in PERSONS])
        for one in PERSONS:
            others = self.chance.sample([other for other in PERSONS if other != one], k=3)
            await self._decide(
                [
                    (PEOPLE, other, FollowEstablished(target_id=other, follower_id=one))
                    for other in others
                ]
            )
        await self._decide([self._published() for _ in range(30)])

    async def live(self, times: int = 1) -> None:
        """So many things happen at once, to anybody."""
        await self._decide([self._anything() for _ in range(times)])

    async def caught_up(self) -> None:
        """Wait until the tables have all that happened."""
        await self._waiting.require(self.load.ends, CAUGHT_UP_S)

    async def vouched(self) -> None:
        """Wait until the timelines have all that happened."""

        async def marked() -> bool:
            try:
                found = await self._timelines.glimpse(PERSONS[0])
            except AWAY:
                return False
            return found.generation is not None and not short_of(found.markers, self.load.ends)

        await eventually(marked, CAUGHT_UP_S)

    async def compare(self, size: int = 7) -> None:
        """Every page of every home, at the position that the tables have, is PostgreSQL's."""
        position = await self.reached()
        for viewer in PERSONS:
            cursor = ""
            for _ in range(100):
                cursor = await self._compare(viewer, position, size, cursor)
                if not cursor:
                    break

    async def reached(self) -> dict[str, int]:
        """How far the tables are that homes are made from."""
        found = await lanes(self._store.until(time.monotonic() + CAUGHT_UP_S))
        return {lane.partition("/")[2]: place.offset for lane, place in found.places.items()}

    async def hits(self) -> None:
        """Wait until every home is answered from its timeline alone, as PostgreSQL would."""

        async def all_hit() -> bool:
            before = counts()
            await self.compare(100)
            new = counts() - before
            return set(new) == {meters.HIT}

        await eventually(all_hit, CAUGHT_UP_S, pause_s=0.1)

    async def _compare(self, viewer: UUID, position: Position, size: int, cursor: str) -> str:
        request = pb.ReadHomeRequest(page_size=size, cursor=cursor)
        asked = replace(call(viewer), position=position)
        before = counts()
        found = await self._through_cache.ReadHome(request, asked)
        self.outcomes += counts() - before
        assert found == await self._without.ReadHome(request, asked), self.outcomes
        return found.next_cursor

    async def _decide(self, happening: list[Happening]) -> None:
        for topic in (PEOPLE, POSTS):
            decisions = [(shard, [event]) for where, shard, event in happening if where is topic]
            if decisions:
                await self.load.decide(topic, decisions)

    def _anything(self) -> Happening:
        kinds = {
            self._published: 30,
            self._followed: 20,
            self._muted_or_blocked: 20,
            self._edited: 10,
            self._deleted: 10,
            self._opened_or_closed: 10,
        }
        [kind] = self.chance.choices(list(kinds), list(kinds.values()))
        return kind()

    def _published(self) -> Happening:
        author, post = self.chance.choice(PERSONS), UUID(int=self.chance.getrandbits(128))
        self._posts.append((post, author))
        event = PostPublished(post_id=post, author_id=author, body="Hello.", **self._audience())
        return POSTS, post, event

    def _edited(self) -> Happening:
        post, author = self.chance.choice(self._posts)
        return POSTS, post, PostEdited(post_id=post, author_id=author, **self._audience())

    def _deleted(self) -> Happening:
        post, author = self.chance.choice(self._posts)
        return POSTS, post, PostDeleted(post_id=post, author_id=author, deleted_by=author)

    def _audience(self) -> dict[str, Any]:
        audience = self.chance.choice(list(Audience))
        chosen = self.chance.sample(PERSONS, k=2) if audience is Audience.SELECTED else ()
        return {"audience": audience, "chosen": tuple(chosen)}

    def _followed(self) -> Happening:
        target, follower = self.chance.sample(PERSONS, k=2)
        edge: dict[str, Any] = {"target_id": target, "follower_id": follower}
        event = self.chance.choice(
            [
                FollowEstablished(**edge),
                FollowEstablished(**edge),
                FollowRequested(**edge, opening=0),
                FollowEnded(**edge, ended_by=follower),
            ]
        )
        return PEOPLE, target, event

    def _muted_or_blocked(self) -> Happening:
        one, other = self.chance.sample(PERSONS, k=2)
        event = self.chance.choice(
            [
                MuteSet(muter_id=one, muted_id=other),
                MuteLifted(muter_id=one, muted_id=other),
                BlockSet(blocker_id=one, blocked_id=other),
                BlockLifted(blocker_id=one, blocked_id=other),
                BlockLifted(blocker_id=one, blocked_id=other),
            ]
        )
        return PEOPLE, one, event

    def _opened_or_closed(self) -> Happening:
        one = self.chance.choice(PERSONS)
        private = self.chance.random() < 0.4
        return PEOPLE, one, VisibilityChanged(account_id=one, private=private)


def counts() -> Counter[str]:
    """How often each outcome came so far."""
    return Counter({name: int(each._value.get()) for name, each in meters.OUTCOMES.items()})


@asynccontextmanager
async def open_homes(stack: Stack, folder: Path, seed: int, **feeds: int) -> AsyncIterator[Homes]:
    """A town at its beginning, with one worker; `feeds` are settings of that section."""
    settings = nimble(stack.settings())
    chosen = {"marker_check_ms": 100, "read_wait_ms": 2000, **feeds}
    settings = replace(settings, feeds=replace(settings.feeds, **chosen))
    await topics.ensure(settings)
    async with AsyncExitStack() as opened:
        log = await opened.enter_async_context(open_log(settings))
        patient = replace(settings.postgres, pool_wait_ms=round(1000 * CAUGHT_UP_S))
        pool = await opened.enter_async_context(open_pool(patient, role="tests"))
        await ensure(pool, settings, [*key_vault.TABLES, *checkpoints.DDL])
        master = load_key("crypto.master_key_file", settings.crypto.master_key_file)
        load = Load(settings, log, await open_keyring(pool, master))
        running = opened.enter_context(workers(settings, folder))
        running.start()
        store = Store(pool, CAUGHT_UP_S)
        home = await opened.enter_async_context(open_home(settings, store))
        assert home is not None
        timelines = await opened.enter_async_context(open_timelines(settings))
        homes = Homes(settings, load, running, store, home, timelines, random.Random(seed))
        await homes.begin()
        yield homes


async def redis_does(settings: Settings, *command: str | int) -> None:
    """One command to the server itself."""
    redis: Any = connect(settings.redis, wait_s=5, connections_max=1)
    try:
        await redis.execute_command(*command)
    finally:
        await redis.aclose()


@asynccontextmanager
async def meanwhile(homes: Homes) -> AsyncIterator[None]:
    """People go on while something else does."""
    over = asyncio.Event()

    async def living() -> None:
        while not over.is_set():
            await homes.live(2)

    task = asyncio.create_task(living())
    try:
        yield
    finally:
        over.set()
        await task


@contextmanager
def stopped(running: Workers) -> Iterator[None]:
    """The workers stand still, as they do when a machine is too busy for them."""
    running.pause()
    try:
        yield
    finally:
        running.resume()
