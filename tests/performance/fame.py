"""People with very many followers, and an ordinary few, in a log, in tables and in timelines."""

import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from cli.generated_history import Happening
from events.event import Event
from events.graph import FollowEstablished
from events.topics import PEOPLE
from tests.performance.figures import Turn, WrongAnswers
from tests.performance.loads.homes import CachedHomes, cached_homes
from tests.performance.loads.load import by_tasks
from tests.performance.loads.mix_log import MixLog, open_mix_log
from tests.performance.loads.reed import published, registered
from tests.performance.loads.waiting import until
from tests.stack import Stack

ORDINARY: Final = 0
"""The audience of those who follow nobody famous."""
NEIGHBOURS: Final = 20
NEIGHBOURS_POSTS: Final = 10
READERS: Final = 40
VISIBLE_S: Final = 120.0
FILLED_S: Final = 1800.0
AT_ONCE: Final = 20_000
CALLERS: Final = 4
PAGE: Final = 20

_VERSION_7: Final = 0x7 << 76 | 0b10 << 62
_MICROSECOND: Final = timedelta(microseconds=1)


class Fame:
    """For each number of followers somebody who has them, and some of those who read.

    Every reader also follows the same few neighbours, whose posts fill homes. `posts` is the plain
    model: what each author wrote, and when.
    """

    def __init__(self, sizes: Sequence[int], seed: int) -> None:
        self._dice = random.Random(seed)
        self._neighbours = [_person(1, number) for number in range(NEIGHBOURS)]
        self.stars = {size: _person(2, size) for size in sizes}
        self.readers = {
            size: [_follower(size, number) for number in self._dice.sample(range(size), count)]
            for size, count in [(size, min(READERS, size)) for size in sizes]
        }
        self.readers[ORDINARY] = [_person(3, number) for number in range(READERS)]
        self.posts: defaultdict[UUID, list[tuple[datetime, UUID]]] = defaultdict(list)

    def beginnings(self) -> Iterator[Happening]:
        """Authors register, everybody follows, neighbours have written something."""
        for number, author in enumerate([*self._neighbours, *self.stars.values()]):
            yield _happening(author, author, registered(author, number))
        for readers in self.readers.values():
            for reader in readers:
                for neighbour in self._neighbours:
                    yield _followed(neighbour, reader)
        for size, star in self.stars.items():
            for number in range(size):
                yield _followed(star, _follower(size, number))
        began = datetime.now(UTC)
        for number in range(NEIGHBOURS * NEIGHBOURS_POSTS):
            author = self._neighbours[number % NEIGHBOURS]
            yield self.wrote(author, began + number * _MICROSECOND)

    def wrote(self, author: UUID, at: datetime) -> Happening:
        """A post, which the plain model knows from now on."""
        happening = published(author, "Hello, everybody.", at)
        self.posts[author].append((at, happening.shard))
        return happening

    def home(self, size: int) -> list[UUID]:
        """The newest posts that those who follow somebody so famous must see, newest first."""
        authors = [*self._neighbours, *([self.stars[size]] if size else [])]
        found = sorted((post for author in authors for post in self.posts[author]), reverse=True)
        return [post for _, post in found[:PAGE]]


class Stage:
    """Fame as it is served."""

    def __init__(self, fame: Fame, log: MixLog, homes: CachedHomes) -> None:
        self.settings = log.settings
        self.fame = fame
        self._log = log
        self._homes = homes
        self._dice = random.Random(0)

    async def visible(self, size: int) -> Turn:
        """One post of the famous one; the turn ends when all readers have seen it."""
        happening = self.fame.wrote(self.fame.stars[size], datetime.now(UTC))
        records = await self._log.made([happening], now=False)
        waiting = list(self.fame.readers[size])
        began = time.perf_counter()
        await self._log.append(records)

        async def seen() -> bool:
            while waiting and happening.shard in await self._homes.page(waiting[-1], PAGE):
                waiting.pop()
            return not waiting

        await until(seen, VISIBLE_S)
        elapsed_s = time.perf_counter() - began
        return Turn(1 / elapsed_s, elapsed_s * 1000, elapsed_s * 1000)

    async def reads(self, size: int, seconds: float) -> Turn:
        """Readers of somebody so famous read their homes."""
        readers = self.fame.readers[size]

        async def read() -> None:
            await self._homes.page(self._dice.choice(readers), PAGE)

        return await by_tasks(CALLERS, seconds, read)

    async def release(self) -> None:
        """Leaves the log to others."""
        await self._log.release()

    async def caught_up(self, ends: Mapping[str, int]) -> None:
        """Waits until homes have everything up to `ends`; raises `TimeoutError`."""
        await self._homes.vouched(ends)

    async def check(self) -> None:
        """Raises `WrongAnswers` unless every reader's home is what the plain model says."""
        await self.caught_up(self._log.ends)
        for size, readers in self.fame.readers.items():
            for reader in readers:
                if await self._homes.page(reader, PAGE) != self.fame.home(size):
                    raise WrongAnswers(f"A home is wrong, of one among {size:,} followers.")


@asynccontextmanager
async def staged(stack: Stack, sizes: Sequence[int], seed: int) -> AsyncIterator[Stage]:
    """All of that appended in bulk, in the tables, the worker running on."""
    settings, fame = stack.settings(), Fame(sizes, seed)
    worker = stack.agora(settings, "serve", "projections")
    async with open_mix_log(settings) as log, cached_homes(settings, log.pool) as homes:
        happenings = fame.beginnings()
        while some := list(islice(happenings, AT_ONCE)):
            await log.append(await log.made(some, now=False))
        worker.start()
        try:
            await homes.vouched(log.ends, FILLED_S)
            await homes.fill([one for readers in fame.readers.values() for one in readers])
            yield Stage(fame, log, homes)
        finally:
            worker.kill()


def _person(kind: int, number: int) -> UUID:
    return UUID(int=_VERSION_7 | kind << 40 | number)


def _follower(size: int, number: int) -> UUID:
    return UUID(int=_VERSION_7 | 4 << 40 | size << 80 | number)


def _followed(target: UUID, follower: UUID) -> Happening:
    event = FollowEstablished(target_id=target, follower_id=follower)
    return _happening(target, follower, event)


def _happening(shard: UUID, actor: UUID, event: Event) -> Happening:
    return Happening(PEOPLE, shard, actor, event, 1, datetime.now(UTC))
