"""Timelines of home feeds as caches hold them, and what is asked of whoever keeps them.

A timeline is a set of candidates for one viewer's home: posts that may belong there. It is never
an answer by itself. `infra.redis.timelines` and `infra.redis.markers` keep them in Redis.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

NO_RECORD: Final = "-"


class Place(Struct, frozen=True):
    """How far a lane has come, as its checkpoint says it.

    `lineage` names the rows that the lane folds into: rows of another lineage may differ at the
    same offset. `last_id` is the id of the record at `offset`, or NO_RECORD. Whatever comes after
    it was committed after `at`, in microseconds since 1970 on the clock of the database.
    """

    lineage: str
    offset: int
    last_id: str = NO_RECORD
    at: int = 0


class Timeline(Struct, frozen=True):
    """One viewer's candidates: `entries` are joined, in no order, and some may be there twice.

    It knows every candidate later than `floor` (microseconds since 1970) and nothing about
    earlier ones, once it is `ready`; before that it only gathers what is pushed. `token` is of
    the refill that made it.
    """

    generation: bytes
    token: bytes
    ready: bool
    floor: int
    entries: bytes = b""


class Glimpse(Struct, frozen=True):
    """What one look finds for a viewer, all at one moment.

    `generation` is None where nothing is vouched for. `markers` are the last places whose effects
    are in the timelines, by lane, such as `posts/posts-0`. `merged` counts the authors whose posts
    are not pushed in this generation. Where something is kept that is no timeline, there is none,
    and it is `damaged`: somebody else wrote there, and the next refill takes its place.
    """

    generation: bytes | None
    markers: Mapping[str, Place]
    merged: int
    timeline: Timeline | None
    damaged: bool = False


class Move(Struct, frozen=True):
    """A lane went from one place to the next, and all effects of that are in the timelines.

    An `exact` one follows only on a marker right at `before`; others on one that is there or
    farther.
    """

    lane: str
    before: Place
    after: Place
    exact: bool = False


class TimelineReader(Protocol):
    """What reads of home ask of the cache. Each call is one round trip; raises one of AWAY."""

    async def glimpse(self, viewer: UUID) -> Glimpse:
        """What is known for the viewer."""
        ...

    async def merged(self) -> tuple[bytes | None, frozenset[UUID]]:
        """The generation, and the authors whose posts are not pushed in it."""
        ...

    async def begin(
        self, viewer: UUID, generation: bytes, token: bytes, *, anew: bool
    ) -> Mapping[str, Place] | None:
        """Lays an empty timeline that gathers what is pushed from now on; the markers just then.

        None if the generation is over, or somebody else is at it, or there is one already and
        that is not to be made `anew`. One whose seal cannot be read is made anew in any case.
        """
        ...

    async def finish(
        self, viewer: UUID, generation: bytes, token: bytes, floor: int, newest_first: list[bytes]
    ) -> bool:
        """Adds what a refill read, and calls the timeline ready; whether it was still there."""
        ...


class TimelineWriter(Protocol):
    """What the lanes ask of the cache. Raises one of AWAY; then some of it may have happened.

    Everything but `advance` may be done twice, and early: candidates are only candidates.
    """

    async def push(self, candidates: Mapping[bytes, Sequence[bytes]]) -> int:
        """Adds entries, newest first, to the timelines of the viewers that have one.

        Viewers are the 16 bytes of their ids. How many entries found a timeline.
        """
        ...

    async def forget(self, viewers: Collection[bytes]) -> None:
        """Removes the timelines of these viewers."""
        ...

    async def merge(self, authors: Collection[bytes]) -> None:
        """Reads have to look up what these authors write, until the generation ends."""
        ...

    async def advance(self, moves: Sequence[Move]) -> bool:
        """Moves the markers; whether a move did not follow, so that a new generation began."""
        ...
