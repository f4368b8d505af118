"""Pure push: a post is put into the list of every follower, however many they are."""

import random
import time
from typing import Final
from uuid import UUID

from redis import Redis

from tests.performance.figures import Turn, WrongAnswers

AT_ONCE: Final = 1000
LENGTH_MAX: Final = 800
COMPARED: Final = 200


class PurePush:
    """A list for each follower, written with a pipeline for each thousand of them.

    Redis may use as much memory as a million lists need, while this is open.
    """

    def __init__(self, url: str, prefix: str) -> None:
        self._redis = Redis.from_url(url)
        self._memory = str(self._redis.config_get("maxmemory")["maxmemory"])
        self._redis.config_set("maxmemory", 0)
        self._prefix = f"{prefix}push:"
        self.pushed: dict[int, list[bytes]] = {}

    def turn(self, followers: int, post: UUID) -> Turn:
        """One post; the turn ends when it is in the last list."""
        began = time.perf_counter()
        for start in range(0, followers, AT_ONCE):
            with self._redis.pipeline(transaction=False) as pipeline:
                for number in range(start, min(start + AT_ONCE, followers)):
                    key = self._key(followers, number)
                    pipeline.lpush(key, post.bytes)
                    pipeline.ltrim(key, 0, LENGTH_MAX - 1)
                pipeline.execute()
        elapsed_s = time.perf_counter() - began
        self.pushed.setdefault(followers, []).insert(0, post.bytes)
        return Turn(1 / elapsed_s, elapsed_s * 1000, elapsed_s * 1000)

    def check(self, seed: int) -> None:
        """Raises `WrongAnswers` unless lists, some of which are drawn, hold what was pushed."""
        dice = random.Random(seed)
        for followers, posts in self.pushed.items():
            for number in dice.sample(range(followers), min(COMPARED, followers)):
                if self._redis.lrange(self._key(followers, number), 0, -1) != posts:
                    raise WrongAnswers("Pure push: a list does not hold what was pushed.")

    def close(self) -> None:
        """Remove the lists, and let the connection go."""
        for followers in self.pushed:
            for start in range(0, followers, AT_ONCE):
                numbers = range(start, min(start + AT_ONCE, followers))
                self._redis.unlink(*(self._key(followers, number) for number in numbers))
        self._redis.config_set("maxmemory", self._memory)
        self._redis.close()

    def _key(self, followers: int, number: int) -> str:
        return f"{self._prefix}{followers}:{number}"
