"""What a timeline holds below a place: distinct candidates, newest first, and where they end."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

from msgspec import Struct

from infra.redis.entries import above, entry, micros, opened, sorted_newest_first, split
from infra.redis.port import Timeline
from queries.paging import Edge
from queries.reads.timelines import OF_AUTHOR_MIN, Candidate

SPENT_BELOW: Final = OF_AUTHOR_MIN // 2
"""A timeline that holds fewer and lacks what is older is made anew. A refill always finds more."""


class Skeleton(Struct, frozen=True):
    """Candidates as entries, newest first. `whole` says that there are none below the last."""

    candidates: Sequence[bytes]
    whole: bool


def skeleton(timeline: Timeline, after: Edge, merged: Sequence[Edge], limit: int) -> Skeleton:
    """What comes after a place, of the timeline and of authors whose posts are not in it.

    Of those, `merged` are the newest at most `limit` after the place. Below the last of a full
    `limit`, as below the floor of the timeline, nothing is known.
    """
    bottom = above(timeline.floor)
    if len(merged) >= limit:
        bottom = max(bottom, entry(merged[-1].since, merged[-1].id))
    top = entry(after.since, after.id)
    known = sorted_newest_first(chain(split(timeline.entries), _entries(merged)))
    whole = timeline.floor == 0 and len(merged) < limit
    return Skeleton(_between(known, bottom, top), whole)


def _between(newest_first: list[bytes], bottom: bytes, top: bytes) -> list[bytes]:
    """Those from `bottom` up to what is below `top`, found by halving."""
    oldest_first = newest_first[::-1]
    found = oldest_first[bisect_left(oldest_first, bottom) : bisect_left(oldest_first, top)]
    return found[::-1]


def edges(candidates: Iterable[bytes]) -> list[Edge]:
    """The places that entries stand for."""
    return [Edge(id=post, since=since) for since, post in map(opened, candidates)]


def is_spent(timeline: Timeline) -> bool:
    """Whether too little is left above the floor for the timeline to be worth asking."""
    if timeline.floor == 0:
        return False
    bottom = above(timeline.floor)
    return sum(bottom <= one for one in split(timeline.entries)) < SPENT_BELOW


def contents(found: Sequence[Candidate], most: int) -> tuple[int, list[bytes]]:
    """The floor of a timeline, and its entries newest first, from what a refill found.

    It looked for one more than `most`; if that is there, it was the first to be left out.
    """
    left_out = [one.cut for one in found[:1] if one.cut is not None]
    left_out += [one.since for one in found[most : most + 1]]
    floor = max(map(micros, left_out), default=0)
    bottom = above(floor)
    return floor, [one for one in _entries(found[:most]) if bottom <= one]


def _entries(places: Iterable[Edge]) -> list[bytes]:
    return [entry(place.since, place.id) for place in places]
