"""Timelines in Redis, as the lanes change them, and the markers that say how far that has come.

Candidates travel in chunks, one after the other, and the markers once all of them have arrived:
inside a pipeline or a transaction Redis would go on after a command that failed.
"""

import secrets
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from redis.asyncio import Redis

from infra.config import Settings
from infra.config_services import FeedsSettings
from infra.redis import scripts
from infra.redis.client import close, connect
from infra.redis.entries import blobs
from infra.redis.port import Move, Place
from infra.redis.timelines import Keys

GENERATION_BYTES: Final = 16
LISTS_AT_ONCE: Final = 500
"""Redis serves nobody else during a chunk: some milliseconds at most."""
FORGOTTEN_AT_ONCE: Final = 5000


class Markers:
    """As `TimelineWriter`."""

    def __init__(self, redis: Redis, keys: Keys, settings: FeedsSettings) -> None:
        self._redis = redis
        self._keys = keys
        self._keep = settings.timeline_entries_max
        self._slack = max(1, settings.timeline_entries_max // 4)
        self._push = redis.register_script(scripts.PUSH)
        self._merge = redis.register_script(scripts.MERGE)
        self._advance = redis.register_script(scripts.ADVANCE)

    async def push(self, candidates: Mapping[bytes, Sequence[bytes]]) -> int:
        """Adds entries, newest first, to the timelines there are; how many found one."""
        lists: list[bytes] = []
        pushed: list[bytes] = []
        for viewer, entries in candidates.items():
            key = self._keys.timeline(viewer)
            # The latest go to the front, and so come last.
            for blob in reversed(blobs(entries)):
                lists.append(key)
                pushed.append(blob)
        told = 0
        for start in range(0, len(lists), LISTS_AT_ONCE):
            chunk = slice(start, start + LISTS_AT_ONCE)
            told += await self._push(
                keys=lists[chunk], args=[self._keep, self._slack, *pushed[chunk]]
            )
        return told

    async def forget(self, viewers: Collection[bytes]) -> None:
        """Removes the timelines of these viewers."""
        keys = [self._keys.timeline(viewer) for viewer in viewers]
        for start in range(0, len(keys), FORGOTTEN_AT_ONCE):
            await self._redis.unlink(*keys[start : start + FORGOTTEN_AT_ONCE])

    async def merge(self, authors: Collection[bytes]) -> None:
        """Notes authors whose posts are not pushed any more in this generation."""
        if authors:
            await self._merge(keys=[self._keys.state, self._keys.merged], args=list(authors))

    async def advance(self, moves: Sequence[Move]) -> bool:
        """Moves the markers; whether a new generation began because a move did not follow."""
        following = secrets.token_bytes(GENERATION_BYTES)
        arguments: list[bytes | str | int] = [following]
        for move in moves:
            arguments += [move.lane, int(move.exact), _text(move.before), _text(move.after)]
        keys = [self._keys.state, self._keys.merged]
        return bool(await self._advance(keys=keys, args=arguments))


@asynccontextmanager
async def open_markers(settings: Settings) -> AsyncIterator[Markers]:
    """Timelines for the lanes. Redis may be away, now and at any time."""
    wait_s = settings.feeds.push_wait_ms / 1000
    redis = connect(settings.redis, wait_s=wait_s, connections_max=1)
    try:
        yield Markers(redis, Keys(settings.redis.prefix), settings.feeds)
    finally:
        await close(redis)


def _text(place: Place) -> str:
    return f"{place.lineage} {place.offset} {place.last_id} {place.at}"
