"""How timelines are written as bytes: places in time that sort as bytes do, and what ends a list.

A list in Redis holds blobs of entries, newest pushed first, and at its very end one seal.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Final
from uuid import UUID

from infra.redis.port import Timeline

ENTRY_BYTES: Final = 24
BLOB_ENTRIES_MAX: Final = 100
"""Old entries leave a list blob by blob, so that none may hold too many."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_ENTRY: Final = struct.Struct(">Q16s")
_WHOLE: Final = struct.Struct(f"{ENTRY_BYTES}s")
_SEAL: Final = struct.Struct(">16s16s?Q")
_TIME_MAX: Final = (1 << 64) - 1
_TIME_BITS: Final = 56
"""Times up to the year 4253 take no more, so that the first byte of an entry is 0."""


class DamagedTimeline(ValueError):
    """A list that somebody else wrote to: it does not hold a timeline."""


def micros(at: datetime) -> int:
    """Microseconds since 1970; 0 before it."""
    return max(0, (at - _EPOCH) // _MICROSECOND)


def entry(at: datetime, post: UUID) -> bytes:
    """The entry of a post that was published at `at`. Entries sort by time, then by id."""
    return _ENTRY.pack(micros(at), post.bytes)


def above(floor: int) -> bytes:
    """What sorts after every entry of the time `floor`, and before all later ones."""
    return _ENTRY.pack(min(floor, _TIME_MAX), b"\xff" * 16) + b"\xff"


def opened(one: bytes) -> tuple[datetime, UUID]:
    """When the post of an entry was published, and which one it is."""
    at, post = _ENTRY.unpack(one)
    return _EPOCH + at * _MICROSECOND, UUID(bytes=post)


def blobs(newest_first: Sequence[bytes]) -> list[bytes]:
    """Entries joined to blobs, in their order: the first entry of each is its latest."""
    return [
        b"".join(newest_first[start : start + BLOB_ENTRIES_MAX])
        for start in range(0, len(newest_first), BLOB_ENTRIES_MAX)
    ]


def split(joined: bytes) -> Iterator[bytes]:
    """The entries of one blob or of many. A read of home goes through hundreds to find ten."""
    return chain.from_iterable(_WHOLE.iter_unpack(joined))


def seal(timeline: Timeline) -> bytes:
    """What stands at the end of the list."""
    return _SEAL.pack(timeline.generation, timeline.token, timeline.ready, timeline.floor)


def timeline_of(elements: Sequence[bytes]) -> Timeline | None:
    """The timeline that a list holds; None if there is none. Raises `DamagedTimeline`."""
    if not elements:
        return None
    entries, sealed = b"".join(elements[:-1]), elements[-1]
    if len(sealed) != _SEAL.size or not _are_entries(entries):
        raise DamagedTimeline
    generation, token, ready, floor = _SEAL.unpack(sealed)
    if floor >> _TIME_BITS:
        raise DamagedTimeline
    return Timeline(generation, token, ready, floor, entries)


def sorted_newest_first(entries: Iterable[bytes]) -> list[bytes]:
    """Each entry once, the latest first."""
    return sorted(set(entries), reverse=True)


def _are_entries(joined: bytes) -> bool:
    """Whether all of it can be read; a look at each entry would cost more than the read of home."""
    return joined[::ENTRY_BYTES].count(0) * ENTRY_BYTES == len(joined)
