"""Timelines in Redis, as reads of home use them: every call is one round trip.

Keys are `{prefix}home1:state`, `{prefix}home1:merged` and `{prefix}home1:timeline:` with the 16
bytes of the viewer's id.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from uuid import UUID

from redis.asyncio import Redis

from infra.config import Settings
from infra.config_services import FeedsSettings
from infra.redis import scripts
from infra.redis.client import close, connect
from infra.redis.entries import DamagedTimeline, blobs, seal, timeline_of
from infra.redis.port import Glimpse, Place, Timeline

FORMAT: Final = "home1"
"""The number grows with the format: no version reads what another one wrote differently."""

REFILL_S: Final = 15
"""How long a timeline may gather before whoever refills it must have died."""

CONNECTIONS_MAX: Final = 16
ID_BYTES: Final = 16


class Keys:
    """The names of everything that belongs to the timelines of one deployment."""

    def __init__(self, prefix: str) -> None:
        self.state = f"{prefix}{FORMAT}:state".encode()
        self.merged = f"{prefix}{FORMAT}:merged".encode()
        self.timelines = f"{prefix}{FORMAT}:timeline:".encode()

    def timeline(self, viewer: bytes) -> bytes:
        """The key of one viewer's timeline."""
        return self.timelines + viewer


class Timelines:
    """As `TimelineReader`."""

    def __init__(self, redis: Redis, keys: Keys, settings: FeedsSettings) -> None:
        self._redis = redis
        self._keys = keys
        self._life_s = settings.timeline_hours * 3600
        self._glimpse = redis.register_script(scripts.GLIMPSE)
        self._merged = redis.register_script(scripts.MERGED)
        self._begin = redis.register_script(scripts.BEGIN)
        self._finish = redis.register_script(scripts.FINISH)

    async def glimpse(self, viewer: UUID) -> Glimpse:
        """What is known for the viewer; keeps a timeline that is ready for its full life."""
        keys = [self._keys.state, self._keys.merged, self._keys.timeline(viewer.bytes)]
        state, authors, elements = await self._glimpse(keys=keys, args=[self._life_s])
        fields = _fields(state)
        merged = _count(fields.pop(b"merged", b"0"))
        generation = fields.pop(b"generation", None)
        damaged = False
        try:
            timeline = timeline_of(elements)
        except DamagedTimeline:
            timeline, damaged = None, True
        return Glimpse(
            # A set that Redis evicted, or members of it, would hide what those people write.
            generation=generation if merged == authors else None,
            markers=_markers(fields),
            merged=authors,
            timeline=timeline,
            damaged=damaged,
        )

    async def merged(self) -> tuple[bytes | None, frozenset[UUID]]:
        """The generation, None if nothing is vouched for, and the authors merged in it."""
        keys = [self._keys.state, self._keys.merged]
        (generation, count), members = await self._merged(keys=keys)
        authors = frozenset(UUID(bytes=member) for member in members if len(member) == ID_BYTES)
        return (generation if _count(count or b"0") == len(authors) else None), authors

    async def begin(
        self, viewer: UUID, generation: bytes, token: bytes, *, anew: bool
    ) -> Mapping[str, Place] | None:
        """Lays an empty timeline in the place of an older one; see `TimelineReader`."""
        empty = seal(Timeline(generation, token, ready=False, floor=0))
        found = await self._begin(
            keys=[self._keys.state, self._keys.timeline(viewer.bytes)],
            args=[generation, empty, REFILL_S, int(anew)],
        )
        if found is None:
            return None
        fields = _fields(found)
        return _markers({name: text for name, text in fields.items() if b"/" in name})

    async def finish(
        self, viewer: UUID, generation: bytes, token: bytes, floor: int, newest_first: list[bytes]
    ) -> bool:
        """Adds what a refill read; whether the timeline was still there to be added to."""
        done = await self._finish(
            keys=[self._keys.state, self._keys.timeline(viewer.bytes)],
            args=[generation, token, floor, self._life_s, *blobs(newest_first)],
        )
        return bool(done)

    async def viewers(self) -> AsyncIterator[UUID]:
        """Everybody who has a timeline now; some may come twice. For those who compare."""
        pattern = _literally(self._keys.timelines) + b"*"
        async for key in self._redis.scan_iter(match=pattern, count=1000):
            viewer = key.removeprefix(self._keys.timelines)
            if len(viewer) == ID_BYTES:
                yield UUID(bytes=viewer)


@asynccontextmanager
async def open_timelines(settings: Settings) -> AsyncIterator[Timelines]:
    """Timelines for reads. Redis may be away, now and at any time."""
    wait_s = settings.feeds.read_wait_ms / 1000
    redis = connect(settings.redis, wait_s=wait_s, connections_max=CONNECTIONS_MAX)
    try:
        yield Timelines(redis, Keys(settings.redis.prefix), settings.feeds)
    finally:
        await close(redis)


def _fields(pairs: Sequence[bytes]) -> dict[bytes, bytes]:
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def _count(text: bytes) -> int | None:
    """The number; None for anything else, which no set has as many members as."""
    return int(text) if text.isdigit() else None


def _markers(fields: Mapping[bytes, bytes]) -> dict[str, Place]:
    """The markers that can be read. Whoever misses one answers from PostgreSQL."""
    found = {}
    for lane, text in fields.items():
        with suppress(ValueError):
            found[lane.decode()] = _place(text)
    return found


def _place(text: bytes) -> Place:
    lineage, offset, last_id, at = text.decode().split(" ")
    return Place(lineage, int(offset), last_id, int(at))


def _literally(text: bytes) -> bytes:
    """A pattern that matches the text as it stands."""
    special: dict[Any, Any] = {ord(one): f"\\{one}" for one in "\\*?[]"}
    return text.decode().translate(special).encode()
