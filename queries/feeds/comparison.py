"""Compares timelines with the tables, for operators: what is missing and what is surplus.

Reads are right whatever is found here, except where something is missing or misplaced.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct, field
from msgspec.structs import replace

from infra.config import Settings
from infra.postgres.pool import open_pool
from infra.redis.entries import above, entry, opened, split
from infra.redis.port import Glimpse, Place, Timeline
from infra.redis.timelines import Timelines, open_timelines
from queries.reads import timelines as reads
from queries.reads.timelines import Lanes, Owed
from queries.store import Store

ATTEMPTS: Final = 20
PAUSE_S: Final = 0.05
ANSWER_S: Final = 60.0
PATIENCE_MS: Final = 10_000


class Kind(StrEnum):
    """What is different."""

    MISSING = "missing"
    """A post that belongs above the floor is not there: a fault, reads do not show it."""
    MISPLACED = "misplaced"
    """A post is there with another time than it has: a fault, pages may repeat or lose it."""
    DAMAGED = "damaged"
    """What is there is no timeline: a fault, somebody else writes to this Redis."""
    SURPLUS = "surplus"
    """A post is there that is no candidate, or not any more; reads leave it out."""
    DOUBLED = "doubled"
    """A post is there more than once; reads show it once."""


FAULTS: Final = frozenset({Kind.MISSING, Kind.MISPLACED, Kind.DAMAGED})
"""What Agora leaves in no timeline: with a damaged one PostgreSQL answers, and the others make a
home another one than it would answer."""
NAMED_MAX: Final = 100
"""So many differences of each kind are named, however many there are."""


class Difference(Struct, frozen=True):
    """One post that a timeline and the tables disagree on; None where all of it is damaged."""

    viewer: UUID
    post: UUID | None
    kind: Kind


class Compared(Struct, frozen=True):
    """One viewer's timeline.

    It was not `decided` where the tables kept moving ahead of the markers, and where there is no
    timeline that reads would use.
    """

    viewer: UUID
    decided: bool
    differences: Sequence[Difference] = ()


class Overview(Struct):
    """What a look at many timelines comes to.

    `undecided` are those that no read would use just now, and those whose lanes did not rest long
    enough to compare: PostgreSQL answers in their place. `counts` has every difference by kind,
    `differences` the first `NAMED_MAX` of each kind.
    """

    timelines: int = 0
    undecided: int = 0
    counts: dict[Kind, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def include(self, one: Compared) -> None:
        """Take in what was found of one viewer."""
        self.timelines += 1
        self.undecided += not one.decided
        for difference in one.differences:
            self.counts[difference.kind] = count = self.counts.get(difference.kind, 0) + 1
            if count <= NAMED_MAX:
                self.differences.append(difference)

    @property
    def faults(self) -> int:
        """How many differences there are that should never be."""
        return sum(count for kind, count in self.counts.items() if kind in FAULTS)


class Comparison:
    """Looks at timelines one by one, while everything goes on."""

    def __init__(self, timelines: Timelines, store: Store) -> None:
        self._timelines = timelines
        self._store = store
        self._attempts = ATTEMPTS

    async def count(self) -> int:
        """How many timelines there are, about."""
        return sum([1 async for _ in self._timelines.viewers()])

    async def all(self) -> AsyncIterator[Compared]:
        """Every timeline there is; one that comes and goes meanwhile may be left out."""
        async for viewer in self._timelines.viewers():
            yield await self.of(viewer)

    async def of(self, viewer: UUID) -> Compared:
        """One viewer's timeline, tried again while lanes are ahead of their markers.

        Where they stay so, as while no worker runs, the next ones are not waited for.
        """
        for _ in range(self._attempts):
            found = await self._timelines.glimpse(viewer)
            if found.damaged:
                damaged = Difference(viewer, None, Kind.DAMAGED)
                return Compared(viewer, decided=True, differences=[damaged])
            if found.timeline is None or not _usable(found, found.timeline):
                break
            generation, merged = await self._timelines.merged()
            owed, lanes = await self._owed(viewer, found.timeline)
            if generation == found.generation and _exact(found.markers, lanes):
                self._attempts = ATTEMPTS
                differences = _differences(viewer, found.timeline, owed, merged)
                return Compared(viewer, decided=True, differences=differences)
            await asyncio.sleep(PAUSE_S)
        else:
            self._attempts = 1
        return Compared(viewer, decided=False)

    async def _owed(self, viewer: UUID, timeline: Timeline) -> tuple[list[Owed], Lanes]:
        reader = self._store.until(time.monotonic() + ANSWER_S)
        return await reads.owed(reader, viewer, _floor(timeline))


@asynccontextmanager
async def open_comparison(settings: Settings) -> AsyncIterator[Comparison]:
    """A comparison with connections of its own, which nobody waits for."""
    feeds = replace(settings.feeds, read_wait_ms=PATIENCE_MS)
    async with (
        open_timelines(replace(settings, feeds=feeds)) as timelines,
        open_pool(settings.postgres, role="comparison", read_only=True) as pool,
    ):
        yield Comparison(timelines, Store(pool, ANSWER_S))


def _usable(found: Glimpse, timeline: Timeline) -> bool:
    return found.generation == timeline.generation and timeline.ready


def _exact(markers: Mapping[str, Place], lanes: Lanes) -> bool:
    return all(
        lane in markers
        and (markers[lane].lineage, markers[lane].offset) == (place.lineage, place.offset)
        for lane, place in lanes.places.items()
    )


def _floor(timeline: Timeline) -> datetime:
    return opened(above(timeline.floor)[:-1])[0]


def _differences(
    viewer: UUID, timeline: Timeline, owed: Sequence[Owed], merged: frozenset[UUID]
) -> list[Difference]:
    bottom = above(timeline.floor)
    held = Counter(one for one in split(timeline.entries) if one > bottom)
    places = {one.id: entry(one.since, one.id) for one in owed}
    wanted = {
        places[one.id]: one.id for one in owed if one.author not in merged or one.author == viewer
    }
    found = [
        Difference(viewer, post, Kind.MISSING) for at, post in wanted.items() if at not in held
    ]
    for one in sorted(held.keys() - set(places.values())):
        post = opened(one)[1]
        kind = Kind.MISPLACED if post in places else Kind.SURPLUS
        found.append(Difference(viewer, post, kind))
    for one, times in sorted(held.items()):
        if times > 1:
            found.append(Difference(viewer, opened(one)[1], Kind.DOUBLED))
    return found
