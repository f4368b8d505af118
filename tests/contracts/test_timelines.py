"""What reads of home and the lanes rely on, wherever timelines are kept."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from infra.redis.entries import entry, micros, opened, sorted_newest_first, split
from infra.redis.port import Move, Place, Timeline
from tests.contracts.implementations import TIMELINES, KeptTimelines, Opening

ANA = UUID("0197f1f0-0000-7000-8000-00000000000a")
BEN = UUID("0197f1f0-0000-7000-8000-00000000000b")
CLO = UUID("0197f1f0-0000-7000-8000-00000000000c")
START = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
LANE = "posts/posts-0"
OTHER = "graph/people-3"
TOKEN, LATER_TOKEN = b"t" * 16, b"u" * 16
KEEP = 100


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def one(second: int, post: int = 0) -> bytes:
    return entry(at(second), UUID(int=post))


def place(offset: int, lineage: str = "1", last_id: str = "r") -> Place:
    return Place(lineage, offset, f"{last_id}{offset}", at=1_000 + offset)


def step(before: int, after: int, lane: str = LANE, *, exact: bool = False) -> Move:
    return Move(lane, place(before), place(after), exact)


@pytest.fixture(params=sorted(TIMELINES))
async def kept(request: Opening) -> AsyncIterator[KeptTimelines]:
    """Timelines that keep KEEP entries."""
    async with TIMELINES[request.param](request, KEEP) as opened:
        yield opened


async def begun(kept: KeptTimelines, *moves: Move) -> bytes:
    """The generation that these moves begin."""
    assert await kept.advance(moves or [step(0, 0)])
    return await generation(kept)


async def generation(kept: KeptTimelines) -> bytes:
    found = (await kept.glimpse(ANA)).generation
    assert found is not None
    return found


async def filled(kept: KeptTimelines, viewer: UUID, entries: Sequence[bytes], floor: int) -> bytes:
    """A timeline that is ready, in the present generation."""
    now = await generation(kept)
    assert await kept.begin(viewer, now, TOKEN, anew=False) is not None
    assert await kept.finish(viewer, now, TOKEN, floor, sorted_newest_first(entries))
    return now


async def timeline(kept: KeptTimelines, viewer: UUID = ANA) -> Timeline:
    found = (await kept.glimpse(viewer)).timeline
    assert found is not None
    return found


async def held(kept: KeptTimelines, viewer: UUID = ANA) -> list[bytes]:
    return sorted_newest_first(split((await timeline(kept, viewer)).entries))


async def test_nothing_is_vouched_for_before_a_lane_has_said_where_it_is(
    kept: KeptTimelines,
) -> None:
    found = await kept.glimpse(ANA)
    assert (found.generation, found.markers, found.merged, found.timeline) == (None, {}, 0, None)
    assert await kept.begin(ANA, b"g" * 16, TOKEN, anew=False) is None


async def test_a_move_from_where_the_marker_is_moves_it(kept: KeptTimelines) -> None:
    first = await begun(kept, step(0, 3))
    assert not await kept.advance([step(3, 5)])
    found = await kept.glimpse(ANA)
    assert found.generation == first
    assert found.markers == {LANE: place(5)}


async def test_a_move_that_leaves_out_something_begins_a_generation(kept: KeptTimelines) -> None:
    first = await begun(kept, step(0, 3), step(0, 9, OTHER))
    assert await kept.advance([step(4, 6)])
    found = await kept.glimpse(ANA)
    assert found.generation not in (None, first)
    assert found.markers == {LANE: place(6), OTHER: place(9)}


async def test_a_move_of_rows_that_were_exchanged_begins_a_generation(kept: KeptTimelines) -> None:
    first = await begun(kept, step(0, 3))
    assert await kept.advance([Move(LANE, place(3, "2"), place(3, "2"))])
    assert await generation(kept) != first


async def test_what_is_told_twice_or_late_changes_nothing(kept: KeptTimelines) -> None:
    first = await begun(kept, step(0, 3))
    assert not await kept.advance([step(3, 7)])
    assert not await kept.advance([step(3, 7), step(3, 5), step(5, 5)])
    found = await kept.glimpse(ANA)
    assert (found.generation, found.markers) == (first, {LANE: place(7)})


async def test_moves_that_overlap_follow_on_each_other(kept: KeptTimelines) -> None:
    first = await begun(kept, step(0, 5))
    assert not await kept.advance([step(3, 8)])
    assert (await kept.glimpse(ANA)).markers == {LANE: place(8)}
    assert await generation(kept) == first


async def test_an_exact_move_bears_no_marker_ahead_of_it(kept: KeptTimelines) -> None:
    first = await begun(kept, step(0, 5))
    assert not await kept.advance([step(5, 5, exact=True)])
    assert await generation(kept) == first
    assert await kept.advance([step(4, 4, exact=True)])
    found = await kept.glimpse(ANA)
    assert found.generation != first
    assert found.markers == {LANE: place(4)}


async def test_an_exact_move_bears_no_other_log(kept: KeptTimelines) -> None:
    first = await begun(kept, step(0, 5))
    other = place(5, last_id="another")
    assert not await kept.advance([Move(LANE, other, other)])
    assert await kept.advance([Move(LANE, other, other, exact=True)])
    assert await generation(kept) != first


async def test_a_lane_that_is_new_begins_a_generation(kept: KeptTimelines) -> None:
    first = await begun(kept, step(0, 3))
    assert await kept.advance([step(0, 0, OTHER), step(3, 4)])
    found = await kept.glimpse(ANA)
    assert found.generation != first
    assert found.markers == {LANE: place(4), OTHER: place(0)}


async def test_a_refill_adds_to_what_was_pushed_meanwhile(kept: KeptTimelines) -> None:
    now = await begun(kept)
    assert await kept.begin(ANA, now, TOKEN, anew=False) == {LANE: place(0)}
    assert not (await timeline(kept)).ready
    assert await kept.push({ANA.bytes: [one(9)], BEN.bytes: [one(9)]}) == 1
    assert await kept.finish(ANA, now, TOKEN, 7, [one(5), one(2)])
    found = await timeline(kept)
    assert (found.ready, found.floor, found.generation) == (True, 7, now)
    assert await held(kept) == [one(9), one(5), one(2)]


async def test_pushes_reach_only_those_who_have_a_timeline(kept: KeptTimelines) -> None:
    await begun(kept)
    await filled(kept, ANA, [], 0)
    pushed = {ANA.bytes: [one(3), one(1)], BEN.bytes: [one(3)]}
    assert await kept.push(pushed) == 2
    assert await held(kept) == [one(3), one(1)]
    assert (await kept.glimpse(BEN)).timeline is None


async def test_equal_times_are_told_apart_by_the_post(kept: KeptTimelines) -> None:
    await begun(kept)
    await filled(kept, ANA, [one(3, post=1)], 0)
    await kept.push({ANA.bytes: [one(3, post=2), one(3, post=0)]})
    assert [opened(each) for each in await held(kept)] == [
        (at(3), UUID(int=post)) for post in (2, 1, 0)
    ]


async def test_one_refill_at_a_time(kept: KeptTimelines) -> None:
    now = await begun(kept)
    await kept.begin(ANA, now, TOKEN, anew=False)
    assert await kept.begin(ANA, now, LATER_TOKEN, anew=False) is None
    assert await kept.begin(ANA, now, LATER_TOKEN, anew=True) is None
    assert not await kept.finish(ANA, now, LATER_TOKEN, 0, [one(1)])
    assert await kept.finish(ANA, now, TOKEN, 0, [])
    assert not await kept.finish(ANA, now, TOKEN, 0, [one(1)])
    assert await held(kept) == []


async def test_a_ready_timeline_is_made_anew_only_when_that_is_wanted(
    kept: KeptTimelines,
) -> None:
    await begun(kept)
    now = await filled(kept, ANA, [one(1)], 0)
    assert await kept.begin(ANA, now, LATER_TOKEN, anew=False) is None
    assert await kept.begin(ANA, now, LATER_TOKEN, anew=True) is not None
    assert await held(kept) == []


async def test_a_refill_whose_timeline_was_forgotten_comes_to_nothing(
    kept: KeptTimelines,
) -> None:
    now = await begun(kept)
    await kept.begin(ANA, now, TOKEN, anew=False)
    await kept.forget([ANA.bytes, BEN.bytes])
    assert not await kept.finish(ANA, now, TOKEN, 0, [one(1)])
    assert (await kept.glimpse(ANA)).timeline is None


async def test_a_refill_whose_timeline_is_another_by_now_comes_to_nothing(
    kept: KeptTimelines,
) -> None:
    now = await begun(kept)
    await kept.begin(ANA, now, TOKEN, anew=False)
    await kept.forget([ANA.bytes])
    await kept.begin(ANA, now, LATER_TOKEN, anew=False)
    assert not await kept.finish(ANA, now, TOKEN, 0, [one(1)])
    assert await kept.finish(ANA, now, LATER_TOKEN, 0, [])


async def test_a_refill_of_a_generation_that_is_over_comes_to_nothing(
    kept: KeptTimelines,
) -> None:
    first = await begun(kept)
    await kept.begin(ANA, first, TOKEN, anew=False)
    await begun(kept, step(5, 6))
    assert not await kept.finish(ANA, first, TOKEN, 0, [one(1)])
    second = await generation(kept)
    assert await kept.begin(ANA, second, LATER_TOKEN, anew=False) is not None
    assert (await timeline(kept)).generation == second


async def test_timelines_grow_to_some_length_and_know_what_they_lost(kept: KeptTimelines) -> None:
    await begun(kept)
    old = [one(second) for second in range(KEEP)]
    await filled(kept, ANA, old, 3)
    for second in range(KEEP, 5 * KEEP):
        await kept.push({ANA.bytes: [one(second)]})
    await assert_complete_above_its_floor(kept, range(5 * KEEP))
    assert len(await held(kept)) <= 3 * KEEP


@pytest.mark.parametrize("size", [2, 7, 60, 250])
async def test_pushes_of_many_at_once_stay_within_bounds(kept: KeptTimelines, size: int) -> None:
    await begun(kept)
    await filled(kept, ANA, [], 0)
    for start in range(0, 1000, size):
        part = range(start, start + size)
        await kept.push({ANA.bytes: [one(second) for second in reversed(part)]})
        assert len(await held(kept)) <= 3 * KEEP
    await assert_complete_above_its_floor(kept, range(start + size))


async def test_old_posts_that_come_late_and_drive_out_newer_ones_raise_the_floor(
    kept: KeptTimelines,
) -> None:
    await begun(kept)
    newer = range(1000, 1000 + KEEP)
    await filled(kept, ANA, [one(second) for second in newer], 0)
    for second in range(3 * KEEP):
        await kept.push({ANA.bytes: [one(second)]})
    assert (await timeline(kept)).floor >= micros(at(newer[-1]))


async def test_a_timeline_that_is_being_filled_knows_what_it_lost(kept: KeptTimelines) -> None:
    now = await begun(kept)
    await kept.begin(ANA, now, TOKEN, anew=False)
    for second in range(100, 100 + 3 * KEEP):
        await kept.push({ANA.bytes: [one(second)]})
    await kept.finish(ANA, now, TOKEN, micros(at(0)), [one(2), one(1)])
    await assert_complete_above_its_floor(kept, [1, 2, *range(100, 100 + 3 * KEEP)])


async def assert_complete_above_its_floor(kept: KeptTimelines, seconds: Sequence[int]) -> None:
    floor = (await timeline(kept)).floor
    expected = {one(second) for second in seconds if micros(at(second)) > floor}
    assert expected <= set(await held(kept))
    assert len(expected) >= KEEP // 2


async def test_merged_authors_stay_until_the_generation_ends(kept: KeptTimelines) -> None:
    first = await begun(kept)
    assert await kept.merged() == (first, frozenset())
    await kept.merge([BEN.bytes])
    await kept.merge([BEN.bytes, CLO.bytes])
    await kept.merge([])
    assert await kept.merged() == (first, frozenset({BEN, CLO}))
    assert (await kept.glimpse(ANA)).merged == 2
    second = await begun(kept, step(7, 8))
    assert await kept.merged() == (second, frozenset())
    assert (await kept.glimpse(ANA)).merged == 0
