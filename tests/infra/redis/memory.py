"""Timelines in memory: both ports at once, for schedules that no server could be made to follow."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from msgspec.structs import replace

from infra.redis.entries import micros, opened, split
from infra.redis.port import Glimpse, Move, Place, Timeline


class MemoryTimelines:
    """As `TimelineReader` and `TimelineWriter`. `keep` entries stay when there are too many."""

    def __init__(self, keep: int = 800) -> None:
        self.keep = keep
        self.generation: bytes | None = None
        self.markers: dict[str, Place] = {}
        self.authors: set[UUID] = set()
        self.timelines: dict[UUID, Timeline] = {}

    def flush(self) -> None:
        """As FLUSHALL."""
        self.generation = None
        self.markers.clear()
        self.authors.clear()
        self.timelines.clear()

    async def glimpse(self, viewer: UUID) -> Glimpse:
        return Glimpse(
            generation=self.generation,
            markers=dict(self.markers),
            merged=len(self.authors),
            timeline=self.timelines.get(viewer),
        )

    async def merged(self) -> tuple[bytes | None, frozenset[UUID]]:
        return self.generation, frozenset(self.authors)

    async def begin(
        self, viewer: UUID, generation: bytes, token: bytes, *, anew: bool
    ) -> Mapping[str, Place] | None:
        if self.generation != generation:
            return None
        known = self.timelines.get(viewer)
        if known and known.generation == generation and not (known.ready and anew):
            return None
        self.timelines[viewer] = Timeline(generation, token, ready=False, floor=0)
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
        self.authors |= {UUID(bytes=author) for author in authors}

    async def advance(self, moves: Sequence[Move]) -> bool:
        over = self.generation is None
        for move in moves:
            held = self.markers.get(move.lane)
            apart = held is None or not _follows(held, move)
            over = over or apart
            if held is None or apart or move.after.offset > held.offset:
                self.markers[move.lane] = move.after
        if over:
            self.generation = secrets.token_bytes(16)
            self.authors.clear()
        return over


def _follows(held: Place, move: Move) -> bool:
    before = move.before
    if held.lineage != before.lineage:
        return False
    if move.exact:
        return (held.offset, held.last_id) == (before.offset, before.last_id)
    return held.offset >= before.offset
