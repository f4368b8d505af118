"""A page of home: candidates from the cache, loaded and judged by PostgreSQL's current state."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from events.position import Position
from infra.config_services import FeedsSettings
from infra.redis.client import AWAY
from infra.redis.port import Glimpse, Timeline, TimelineReader
from queries.feeds import meters
from queries.feeds.freshness import Miss, behind, short_of
from queries.feeds.refills import Refills
from queries.feeds.rows import HomeRows
from queries.feeds.skeleton import Skeleton, edges, is_spent, skeleton
from queries.paging import Edge
from queries.posts import Post
from queries.visibility_posts import belongs_home

RECONSIDERED_S: Final = 1.0
"""For so long Redis is not asked again after it did not serve."""

_log = logging.getLogger(__name__)


class Placed(Edge, frozen=True, kw_only=True):
    """A place in home with its post, as it stands to the viewer."""

    post: Post


class Missed(Exception):
    """The cache cannot answer."""

    def __init__(self, reason: Miss) -> None:
        super().__init__(reason.value)
        self.reason = reason


class _Asked(Struct, frozen=True):
    rows: HomeRows
    viewer: UUID
    after: Edge
    limit: int


class Home:
    """Answers from timelines where they can, from PostgreSQL alone where they cannot.

    A page takes one round trip to Redis and one to PostgreSQL. It takes one more to PostgreSQL if
    some authors are merged when read, two more if candidates had to be left out, and two where
    the cache cannot answer; and one more to Redis when the authors to be merged have changed.
    """

    def __init__(
        self,
        settings: FeedsSettings,
        timelines: TimelineReader,
        refills: Refills,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._late_ms_max = settings.marker_late_ms_max
        self._timelines = timelines
        self._refills = refills
        self._clock = clock
        self._away_until_s = -math.inf
        self._merged: tuple[bytes | None, frozenset[UUID]] = (None, frozenset())

    async def places(
        self, rows: HomeRows, viewer: UUID, position: Position, after: Edge, limit: int
    ) -> Sequence[Edge]:
        """At most `limit` places after one, newest first, `Placed` where the post is at hand."""
        asked = _Asked(rows, viewer, after, limit)
        try:
            found = await self._cached(asked, position)
        except Missed as missed:
            meters.OUTCOMES[missed.reason].inc()
            return await rows.page(after, limit)
        meters.OUTCOMES[meters.HIT].inc()
        return found

    async def _cached(self, asked: _Asked, position: Position) -> list[Placed]:
        found = await self._glimpsed(asked.viewer)
        timeline = self._usable(asked.viewer, found)
        if short_of(found.markers, position):
            raise Missed(Miss.POSITION)
        merged: list[Edge] = []
        if found.merged:
            authors = await self._authors(found)
            merged = await asked.rows.page_of(authors, asked.after, asked.limit)
        known = skeleton(timeline, asked.after, merged, asked.limit)
        places = await self._judged(asked, known, found)
        if len(places) < asked.limit and not known.whole:
            if is_spent(timeline):
                self._refills.wish(asked.viewer, timeline.generation, anew=True)
            raise Missed(Miss.FLOOR)
        return places

    async def _glimpsed(self, viewer: UUID) -> Glimpse:
        if self._clock() < self._away_until_s:
            raise Missed(Miss.AWAY)
        try:
            return await self._timelines.glimpse(viewer)
        except AWAY as problem:
            raise self._missed(problem) from problem

    def _missed(self, problem: BaseException) -> Missed:
        _log.warning("home is read from PostgreSQL alone: Redis is away (%s)", problem)
        self._away_until_s = self._clock() + RECONSIDERED_S
        return Missed(Miss.AWAY)

    def _usable(self, viewer: UUID, found: Glimpse) -> Timeline:
        if found.generation is None:
            raise Missed(Miss.UNVOUCHED)
        if found.damaged:
            _log.warning("the timeline of %s is damaged, and filled again", viewer)
            self._refills.wish(viewer, found.generation, anew=True)
            raise Missed(Miss.DAMAGED)
        timeline = found.timeline
        if timeline is None or timeline.generation != found.generation:
            self._refills.wish(viewer, found.generation)
            raise Missed(Miss.ABSENT)
        if not timeline.ready:
            raise Missed(Miss.FILLING)
        return timeline

    async def _authors(self, found: Glimpse) -> frozenset[UUID]:
        """Whose posts are to be merged. The set only grows within a generation."""
        generation, authors = self._merged
        if generation != found.generation or len(authors) != found.merged:
            try:
                self._merged = generation, authors = await self._timelines.merged()
            except AWAY as problem:
                raise self._missed(problem) from problem
        if generation != found.generation:
            raise Missed(Miss.MOVED)
        return authors

    async def _judged(self, asked: _Asked, known: Skeleton, found: Glimpse) -> list[Placed]:
        """Of the candidates those that belong in the home, as far as the page needs them."""
        head = edges(known.candidates[: asked.limit])
        posts, lanes = await asked.rows.hydrated([edge.id for edge in head])
        if behind(found.markers, lanes, self._late_ms_max):
            raise Missed(Miss.BEHIND)
        places = _placed(head, posts)
        wanted, rest = asked.limit - len(places), known.candidates[asked.limit :]
        if wanted and rest:
            more = await asked.rows.belonging([edge.id for edge in edges(rest)], wanted)
            if more:
                posts, _ = await asked.rows.hydrated([edge.id for edge in more])
                places += _placed(more, posts)
            if len(more) == wanted and len(places) < asked.limit:
                raise Missed(Miss.MOVED)
        return places


def _placed(places: Sequence[Edge], posts: dict[UUID, Post]) -> list[Placed]:
    return [
        Placed(id=edge.id, since=edge.since, post=posts[edge.id])
        for edge in places
        if edge.id in posts and belongs_home(posts[edge.id])
    ]
