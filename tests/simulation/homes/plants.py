"""Faults planted into what keeps and reads homes, to see that the schedules find them.

Most replace a function of the product. What Redis does by scripts is replaced in the stand-in,
which passes the same contract suite. What two guards keep out, such as commits that a database
lost, is not here: with one of them gone the other one holds. Their own tests have them.
"""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from infra.redis.entries import split
from infra.redis.port import Glimpse, Move, Place, Timeline
from projections import delivering, fan_out
from projections.commits import Commit
from projections.fan_out import FanOut
from projections.models import graph
from projections.touches import Followed, Opened, Touch
from queries.feeds import freshness, skeleton
from queries.feeds.home import Home
from queries.feeds.refills import Refills
from tests.infra.redis import memory
from tests.infra.redis.memory import MemoryTimelines

Patch = AbstractContextManager[Any]


class Plant(Struct, frozen=True):
    """A fault: what it does wrong, and the block in which the product does it."""

    wrong: str
    planted: Callable[[], Patch]


def _read_before_gathering() -> Patch:
    async def fill(self: Any, viewer: UUID, generation: bytes, *, anew: bool) -> bool:
        rows = self._rows_of(viewer)
        found = await rows.candidates(self._most + 1)
        token = viewer.bytes
        if await self._timelines.begin(viewer, generation, token, anew=anew) is None:
            return False
        floor, entries = skeleton.contents(found, self._most)
        return bool(await self._timelines.finish(viewer, generation, token, floor, entries))

    return patch.object(Refills, "_fill", fill)


def _any_refill_finishes() -> Patch:
    finish = MemoryTimelines.finish

    async def careless(
        self: MemoryTimelines,
        viewer: UUID,
        generation: bytes,
        token: bytes,
        floor: int,
        newest_first: list[bytes],
    ) -> bool:
        known = self.timelines.get(viewer)
        if known is None:
            known = Timeline(generation, token, ready=False, floor=0)
        self.timelines[viewer] = replace(known, token=token, ready=False)
        self._begun_s[viewer] = 0.0
        return await finish(self, viewer, generation, token, floor, newest_first)

    return patch.object(MemoryTimelines, "finish", careless)


def _old_generations_live_on() -> Patch:
    def usable(self: Home, viewer: UUID, found: Glimpse) -> Timeline:
        timeline = found.timeline
        if timeline is not None and timeline.ready and found.generation is not None:
            return timeline
        return real(self, viewer, found)

    real = Home._usable
    return patch.object(Home, "_usable", usable)


def _untold(*kinds: type[Touch]) -> Callable[[], Patch]:
    def planted() -> Patch:
        touches = graph.touches

        def fewer(event: Any, moment: Any) -> Iterator[Touch]:
            return (one for one in touches(event, moment) if not isinstance(one, kinds))

        return patch.object(graph, "touches", fewer)

    return planted


def _marker_first() -> Patch:
    @contextmanager
    def swapped() -> Iterator[None]:
        advance = FanOut._advance

        async def deliver(writer: Any, followers: Any, touches: Any) -> None:
            late.append((writer, followers, touches))

        async def advanced(self: Any, round_: Any) -> None:
            await advance(self, round_)
            while late:
                await delivering.deliver(*late.pop(0))

        late: list[Any] = []
        with patch.object(fan_out, "deliver", deliver), patch.object(FanOut, "_advance", advanced):
            yield

    return swapped()


def _failures_forgiven() -> Patch:
    async def deliver(writer: Any, followers: Any, touches: Any) -> None:
        with contextlib.suppress(ConnectionError):
            await delivering.deliver(writer, followers, touches)

    return patch.object(fan_out, "deliver", deliver)


def _dropped_counts_as_done() -> Patch:
    def drop(self: Any) -> None:
        for number, (commit, exact) in enumerate(self._waiting):
            empty = Commit(commit.lane, commit.before, commit.after, (), commit.began_s)
            self._waiting[number] = fan_out._Waiting(empty, exact)
        self._size = len(self._waiting)

    return patch.object(FanOut, "_drop", drop)


def _followers_remembered() -> Patch:
    @contextmanager
    def remembering() -> Iterator[None]:
        push = delivering._push

        async def remembered(writer: Any, followers: Any, published: Any) -> None:
            await push(writer, _Remembered(followers, known), published)

        known: dict[bytes, Any] = {}
        with patch.object(delivering, "_push", remembered):
            yield

    return remembering()


class _Remembered:
    def __init__(self, followers: Any, known: dict[bytes, Any]) -> None:
        self._followers = followers
        self._known = known

    async def of(self, authors: Collection[UUID]) -> Mapping[bytes, bytes | None]:
        self._known.update(
            {k: v for k, v in (await self._followers.of(authors)).items() if k not in self._known}
        )
        return {author.bytes: self._known[author.bytes] for author in authors}

    async def accepted(self, opened: Sequence[Opened]) -> bytes:
        return await self._followers.accepted(opened)  # type: ignore[no-any-return]


def _everything_follows() -> Patch:
    return patch.object(memory, "_follows", lambda _held, _move: True)


def _markers_run_back() -> Patch:
    async def advance(self: Any, moves: Sequence[Move]) -> bool:
        over = self.generation is None
        for move in moves:
            over = over or move.lane not in self.markers
            self.markers[move.lane] = move.after
        if over:
            self.generation = str(len(moves)).encode() * 16
            self.authors.clear()
            self.authors_known = 0
        return bool(over)

    return patch.object(MemoryTimelines, "advance", advance)


def _floor_kept() -> Patch:
    def cut(self: MemoryTimelines, timeline: Timeline) -> Timeline:
        entries = list(split(timeline.entries))[: self.keep]
        return replace(timeline, entries=b"".join(entries))

    return patch.object(MemoryTimelines, "_cut", cut)


def _merged_unnoted() -> Patch:
    async def merge(self: MemoryTimelines, authors: Collection[bytes]) -> None:
        return None

    return patch.object(MemoryTimelines, "merge", merge)


def _merged_let_go() -> Patch:
    merge = MemoryTimelines.merge

    async def only(self: MemoryTimelines, authors: Collection[bytes]) -> None:
        self.authors.clear()
        self.authors_known = 0
        await merge(self, authors)

    return patch.object(MemoryTimelines, "merge", only)


def _merged_lost_unseen() -> Patch:
    return patch.object(MemoryTimelines, "_vouched", property(lambda self: self.generation))


def _merged_remembered() -> Patch:
    authors = Home._authors

    async def once(self: Any, found: Glimpse) -> frozenset[UUID]:
        return self._merged[1] or await authors(self, found)

    return patch.object(Home, "_authors", once)


def _below_merged() -> Patch:
    real = skeleton.skeleton

    def endless(timeline: Any, after: Any, merged: Any, limit: int) -> Any:
        return real(timeline, after, merged, limit + 1)

    return patch("queries.feeds.home.skeleton", endless)


def _below_the_floor() -> Patch:
    real = skeleton.skeleton

    def bottomless(timeline: Timeline, after: Any, merged: Any, limit: int) -> Any:
        return real(replace(timeline, floor=0), after, merged, limit)

    return patch("queries.feeds.home.skeleton", bottomless)


def _near(judge: Callable[[Place | None, Place, int], bool]) -> Patch:
    return patch.object(freshness, "_is_near", judge)


def _age_ignored() -> Patch:
    real = freshness._is_near
    return _near(lambda marker, place, _not_before: real(marker, place, 0))


def _position_ignored() -> Patch:
    return patch("queries.feeds.home.short_of", lambda _markers, _position: False)


def _shown_for_being_there() -> Patch:
    return patch("queries.feeds.home.belongs_home", lambda _post: True)


def _shown_twice() -> Patch:
    return patch(
        "queries.feeds.skeleton.sorted_newest_first", lambda found: sorted(found, reverse=True)
    )


PLANTS: Mapping[str, Plant] = {
    "read-first": Plant(
        "PostgreSQL is read before the timeline gathers what is pushed.", _read_before_gathering
    ),
    "any-refill": Plant(
        "A refill finishes, whatever became of its timeline meanwhile.", _any_refill_finishes
    ),
    "old-generation": Plant(
        "Timelines of generations that are over are read.", _old_generations_live_on
    ),
    "no-forgetting": Plant("A new follow leaves the timeline as it is.", _untold(Followed)),
    "no-opening": Plant("Going public leaves timelines as they are.", _untold(Opened)),
    "marker-first": Plant("Markers move before what they stand for is there.", _marker_first),
    "forgiven": Plant("Markers move although a push failed.", _failures_forgiven),
    "dropped-as-done": Plant("What had to be dropped counts as done.", _dropped_counts_as_done),
    "old-followers": Plant("Followers are remembered, not looked up.", _followers_remembered),
    "all-follows": Plant("A gap before a move is not seen.", _everything_follows),
    "markers-back": Plant("Markers go wherever a move says.", _markers_run_back),
    "floor-kept": Plant("What is cut off a timeline leaves its floor alone.", _floor_kept),
    "below-floor": Plant("Pages reach below what a timeline knows.", _below_the_floor),
    "unmerged": Plant("Who is not pushed is not noted.", _merged_unnoted),
    "let-go": Plant("Who was merged is so no longer when others are.", _merged_let_go),
    "merged-lost": Plant("Nobody sees that Redis dropped merged authors.", _merged_lost_unseen),
    "merged-once": Plant("Merged authors are asked for only once.", _merged_remembered),
    "below-merged": Plant("Pages reach below what was read of merged authors.", _below_merged),
    "age-ignored": Plant("Timelines may be behind for ever.", _age_ignored),
    "position-ignored": Plant("The caller's position is not looked at.", _position_ignored),
    "shown-for-being-there": Plant(
        "What is in the timeline is shown, whatever holds today.", _shown_for_being_there
    ),
    "shown-twice": Plant("What was pushed and read as well is shown twice.", _shown_twice),
}
