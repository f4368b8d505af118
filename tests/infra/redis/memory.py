"""Timelines in memory: both ports at once, for schedules that no server could be made to follow."""

import math
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from uuid import UUID

from msgspec.structs import replace

from infra.redis.entries import micros, opened, split
from infra.redis.port import Glimpse, Move, Place, Timeline


class MemoryTimelines:
    """As `TimelineReader` and `TimelineWriter`. `keep` entries stay when there are too many.

    Timelines that are not ready after `refill_s` on `clock` are gone.
    """

    def __init__(
        self,
        keep: int = 800,
        clock: Callable[[], float] = lambda: 0.0,
        refill_s: float = math.inf,
    ) -> None:
        self.keep = keep
        self._clock = clock
        self._refill_s = refill_s
        self._begun_s: dict[UUID, float] = {}
        self.generation: bytes | None = None
        self.markers: dict[str, Place] = {}
        self.authors: set[UUID] = set()
        self.authors_known = 0
        self.timelines: dict[UUID, Timeline] = {}
        self.damaged: set[UUID] = set()

    def flush(self) -> None:
        """As FLUSHALL."""
        self.evict_state()
        self.authors.clear()
        self.timelines.clear()

    def evict_state(self) -> None:
        """The one key of generation, markers and the number of merged authors is gone."""
        self.generation = None
        self.markers.clear()
        self.authors_known = 0

    def copy(self) -> "MemoryTimelines":
        """What a replica has that got everything up to now."""
        made = MemoryTimelines(self.keep, self._clock, self._refill_s)
        made._begun_s = dict(self._begun_s)
        made.generation, made.markers = self.generation, dict(self.markers)
        made.authors, made.authors_known = set(self.authors), self.authors_known
        made.timelines, made.damaged = dict(self.timelines), set(self.damaged)
        return made

    @property
    def _vouched(self) -> bytes | None:
        return self.generation if self.authors_known == len(self.authors) else None

    def _expire(self) -> None:
        for viewer, timeline in list(self.timelines.items()):
            if not timeline.ready and self._clock() > self._begun_s[viewer] + self._refill_s:
                del self.timelines[viewer]

    async def glimpse(self, viewer: UUID) -> Glimpse:
        self._expire()
        timeline = self.timelines.get(viewer)
        damaged = timeline is not None and viewer in self.damaged
        return Glimpse(
            generation=self._vouched,
            markers=dict(self.markers),
            merged=self.authors_known,
            timeline=None if damaged else timeline,
            damaged=damaged,
        )

    async def merged(self) -> tuple[bytes | None, frozenset[UUID]]:
        return self._vouched, frozenset(self.authors)

    async def begin(
        self, viewer: UUID, generation: bytes, token: bytes, *, anew: bool
    ) -> Mapping[str, Place] | None:
        self._expire()
        if self.generation != generation:
            return None
        known = self.timelines.get(viewer)
        if known and known.generation == generation and not (known.ready and anew):
            return None
        self.damaged.discard(viewer)
        self.timelines[viewer] = Timeline(generation, token, ready=False, floor=0)
        self._begun_s[viewer] = self._clock()
        return dict(self.markers)

    async def finish(
        self, viewer: UUID, generation: bytes, token: bytes, floor: int, newest_first: list[bytes]
    ) -> bool:
        known = self.timelines.get(viewer)
        if self.generation != generation or known is None or known.ready or known.token != token:
            return False
        if known.generation != generation:
            return False
        self.timelines[viewer] = replace(
            known,
            ready=True,
            floor=max(known.floor, floor),
            entries=known.entries + b"".join(newest_first),
        )
        return True

    async def push(self, candidates: Mapping[bytes, Sequence[bytes]]) -> int:
        told = 0
        for viewer, entries in candidates.items():
            known = self.timelines.get(UUID(bytes=viewer))
            if known is not None:
                told += len(entries)
                self.timelines[UUID(bytes=viewer)] = self._cut(
                    replace(known, entries=b"".join(entries) + known.entries)
                )
        return told

    def _cut(self, timeline: Timeline) -> Timeline:
        entries = list(split(timeline.entries))
        dropped = [micros(opened(one)[0]) for one in entries[self.keep :]]
        return replace(
            timeline,
            entries=b"".join(entries[: self.keep]),
            floor=max([timeline.floor, *dropped]),
        )

    async def forget(self, viewers: Collection[bytes]) -> None:
        for viewer in viewers:
            self.timelines.pop(UUID(bytes=viewer), None)

    async def merge(self, authors: Collection[bytes]) -> None:
        if self.authors_known != len(self.authors):
            self.evict_state()
            self.authors.clear()
            return
        self.authors |= {UUID(bytes=author) for author in authors}
        self.authors_known = len(self.authors)

    async def advance(self, moves: Sequence[Move]) -> bool:
        over = self._vouched is None
        for move in moves:
            held = self.markers.get(move.lane)
            apart = held is None or not _follows(held, move)
            over = over or apart
            if held is None or apart or move.after.offset > held.offset:
                self.markers[move.lane] = move.after
        if over:
            self.generation = secrets.token_bytes(16)
            self.authors.clear()
            self.authors_known = 0
        return over


def _follows(held: Place, move: Move) -> bool:
    before = move.before
    if held.lineage != before.lineage:
        return False
    if move.exact:
        return (held.offset, held.last_id) == (before.offset, before.last_id)
    return held.offset >= before.offset
