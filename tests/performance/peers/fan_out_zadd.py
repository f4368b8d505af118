"""Delivering posts as most would first: a ZADD for each follower of the author."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from redis import Redis

from events.posts import PostPublished
from tests.performance.figures import Turn, WrongAnswers, at_rate
from tests.performance.loads.reed import Reed

POSTS_AT_ONCE: Final = 50


class Zadds:
    """Sorted sets, one for each home. The followers are in memory, which costs no question."""

    def __init__(self, url: str, prefix: str, reed: Reed) -> None:
        self._redis = Redis.from_url(url)
        self._prefix = f"{prefix}zadd:"
        self._reed = reed
        self._followers: Mapping[UUID, Sequence[UUID]] = reed.followers
        self.delivered: defaultdict[UUID, dict[str, float]] = defaultdict(dict)

    def turn(self, seconds: float) -> Turn:
        """As many deliveries as the time allows, of whole posts."""
        done = 0
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            for happening in self._reed.posts(POSTS_AT_ONCE):
                assert isinstance(happening.event, PostPublished)
                done += self._deliver(happening.event, happening.at.timestamp())
        return at_rate(done, time.perf_counter() - began)

    def _deliver(self, post: PostPublished, at: float) -> int:
        viewers = [post.author_id, *self._followers[post.author_id]]
        for viewer in viewers:
            self._redis.zadd(self._key(viewer), {str(post.post_id): at})
            self.delivered[viewer][str(post.post_id)] = at
        return len(viewers)

    def check(self) -> None:
        """Raises `WrongAnswers` unless every home holds what was delivered."""
        for viewer, posts in self.delivered.items():
            found: Any = self._redis.zrange(self._key(viewer), 0, -1, withscores=True)
            if {member.decode(): at for member, at in found} != posts:
                raise WrongAnswers("A sorted set does not hold what was delivered.")

    def close(self) -> None:
        """Let the connection go."""
        self._redis.close()

    def _key(self, viewer: UUID) -> str:
        return f"{self._prefix}{viewer}"
