"""The ways to the simulated servers: slow, cut off, or losing answers, under the dice of a seed."""

import asyncio
import random
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from msgspec import Struct

from infra.redis.port import Glimpse, Move, Place
from infra.worker.progress import Overtaken
from projections.touches import Opened
from queries.paging import Edge
from queries.posts import Post
from queries.reads.timelines import Candidate, Lanes
from tests.infra.redis.memory import MemoryTimelines
from tests.simulation.homes.database import Database, ViewersRows, accepted
from tests.simulation.loop import SimulatedLoop

Answer = TypeVar("Answer")


class Weather(Struct):
    """How long a server takes, and how often an answer is lost or a request arrives much later."""

    slow_s: float
    lost: float
    late: float
    late_s: float
    away: bool = False


class Link:
    """One way to a server; every request is one moment of it. A `lossless` one may be slow."""

    def __init__(
        self,
        loop: SimulatedLoop,
        dice: random.Random,
        weather: Weather,
        *,
        lossless: bool = False,
    ) -> None:
        self.loop = loop
        self._dice = dice
        self.weather = weather
        self._lossless = lossless

    async def ask(self, request: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        """What the server answers.

        Raises ConnectionError; then what was asked may have happened, and may yet happen.
        """
        dice, weather = self._dice, self.weather
        await asyncio.sleep(dice.random() * weather.slow_s)
        if weather.away:
            raise ConnectionError("away")
        if not self._lossless and dice.random() < weather.late:
            self.loop.later(dice.random() * weather.late_s, lambda: self._belated(request))
            raise ConnectionError("timed out")
        answer = _at_once(request())
        await asyncio.sleep(dice.random() * weather.slow_s)
        if not self._lossless and dice.random() < weather.lost:
            raise ConnectionError("the answer was lost")
        return answer

    def _belated(self, request: Callable[[], Coroutine[Any, Any, object]]) -> None:
        # Nobody waits for it any more, whatever comes of it.
        with suppress(Overtaken):
            if not self.weather.away:
                _at_once(request())


class LinkedTimelines:
    """Both ports of a cache, over a link."""

    def __init__(self, link: Link, cache: Callable[[], MemoryTimelines]) -> None:
        self._link = link
        self._cache = cache

    async def glimpse(self, viewer: UUID) -> Glimpse:
        return await self._link.ask(lambda: self._cache().glimpse(viewer))

    async def merged(self) -> tuple[bytes | None, frozenset[UUID]]:
        return await self._link.ask(lambda: self._cache().merged())

    async def begin(
        self, viewer: UUID, generation: bytes, token: bytes, *, anew: bool
    ) -> Mapping[str, Place] | None:
        return await self._link.ask(
            lambda: self._cache().begin(viewer, generation, token, anew=anew)
        )

    async def finish(
        self, viewer: UUID, generation: bytes, token: bytes, floor: int, newest_first: list[bytes]
    ) -> bool:
        return await self._link.ask(
            lambda: self._cache().finish(viewer, generation, token, floor, newest_first)
        )

    async def push(self, candidates: Mapping[bytes, Sequence[bytes]]) -> int:
        """In parts, as Redis gets it: some may have arrived when another fails."""
        told = 0
        for viewer, entries in candidates.items():
            told += await self._link.ask(partial(self._cache().push, {viewer: entries}))
        return told

    async def forget(self, viewers: Collection[bytes]) -> None:
        await self._link.ask(lambda: self._cache().forget(viewers))

    async def merge(self, authors: Collection[bytes]) -> None:
        await self._link.ask(lambda: self._cache().merge(authors))

    async def advance(self, moves: Sequence[Move]) -> bool:
        return await self._link.ask(lambda: self._cache().advance(moves))


class LinkedFollowers:
    """As `projections.followers.Followers`, over a link; more than `most` are too many."""

    def __init__(self, link: Link, database: Database, most: int) -> None:
        self._link = link
        self._database = database
        self._most = most

    async def of(self, authors: Collection[UUID]) -> Mapping[bytes, bytes | None]:
        return await self._link.ask(lambda: self._of(authors))

    async def accepted(self, opened: Sequence[Opened]) -> bytes:
        return await self._link.ask(lambda: self._accepted(opened))

    async def _of(self, authors: Collection[UUID]) -> Mapping[bytes, bytes | None]:
        found = {author.bytes: self._database.now.followers(author) for author in authors}
        return {
            author: None if len(followers) > self._most else _joined(followers)
            for author, followers in found.items()
        }

    async def _accepted(self, opened: Sequence[Opened]) -> bytes:
        return _joined(accepted(self._database.now, opened))


class LinkedRows:
    """As `queries.feeds.rows.HomeRows`, over a link."""

    def __init__(self, link: Link, database: Database, viewer: UUID) -> None:
        self._link = link
        self._database = database
        self._viewer = viewer

    def _rows(self) -> ViewersRows:
        return ViewersRows(self._database, self._viewer, micros_of(self._link.loop.now))

    async def page(self, after: Edge, limit: int) -> list[Edge]:
        return await self._link.ask(lambda: self._rows().page(after, limit))

    async def page_of(self, authors: Collection[UUID], after: Edge, limit: int) -> list[Edge]:
        return await self._link.ask(lambda: self._rows().page(after, limit, authors))

    async def belonging(self, posts: Collection[UUID], limit: int) -> list[Edge]:
        return await self._link.ask(lambda: self._rows().belonging(posts, limit))

    async def hydrated(self, posts: Sequence[UUID]) -> tuple[dict[UUID, Post], Lanes]:
        return await self._link.ask(lambda: self._rows().hydrated(posts))

    async def lanes(self) -> Lanes:
        return await self._link.ask(lambda: self._rows().lanes())

    async def candidates(self, limit: int) -> list[Candidate]:
        return await self._link.ask(lambda: self._rows().candidates(limit))


def _joined(people: Sequence[UUID]) -> bytes:
    return b"".join(one.bytes for one in people)


def _at_once(request: Coroutine[Any, Any, Answer]) -> Answer:
    """The answer of a stand-in that never waits for anything."""
    try:
        request.send(None)
    except StopIteration as done:
        answer: Answer = done.value
        return answer
    raise AssertionError("A stand-in waited.")


def micros_of(second: float) -> int:
    """The database's clock at a simulated second."""
    return round(1_000_000 * (second + 1))
