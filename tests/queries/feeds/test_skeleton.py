"""Which candidates a timeline knows below a place, and where its knowledge ends."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as some

from infra.redis.entries import above, entry, micros
from infra.redis.port import Timeline
from queries.feeds.skeleton import SPENT_BELOW, contents, edges, is_spent, skeleton
from queries.paging import TOP, Edge
from queries.reads.timelines import Candidate

START = datetime(2026, 3, 1, tzinfo=UTC)
LIMIT = 3


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def edge(second: int, post: int = 0) -> Edge:
    return Edge(id=UUID(int=1000 * post + second), since=at(second))


def timeline(*held: Edge, floor: int | None = None) -> Timeline:
    entries = b"".join(entry(one.since, one.id) for one in held)
    return Timeline(b"g", b"t", True, 0 if floor is None else micros(at(floor)), entries)


def known(
    held: Timeline, after: Edge = TOP, merged: Sequence[Edge] = ()
) -> tuple[list[Edge], bool]:
    found = skeleton(held, after, merged, LIMIT)
    return edges(found.candidates), found.whole


def test_candidates_come_newest_first_and_once() -> None:
    held = timeline(edge(2), edge(9), edge(2), edge(5))
    assert known(held) == ([edge(9), edge(5), edge(2)], True)


def test_a_page_goes_on_after_the_last_place_of_the_one_before() -> None:
    held = timeline(edge(9, post=2), edge(9, post=1), edge(5))
    assert known(held, after=edge(9, post=2)) == ([edge(9, post=1), edge(5)], True)
    assert known(held, after=edge(9, post=1)) == ([edge(5)], True)


def test_what_is_not_above_the_floor_is_not_known() -> None:
    held = timeline(edge(9), edge(5), edge(2), floor=5)
    assert known(held) == ([edge(9)], False)


def test_merged_authors_fall_in_by_time() -> None:
    held = timeline(edge(9), edge(5))
    assert known(held, merged=[edge(7), edge(1)]) == ([edge(9), edge(7), edge(5), edge(1)], True)


def test_a_post_of_merged_authors_that_was_pushed_before_is_there_once() -> None:
    assert known(timeline(edge(9), edge(5)), merged=[edge(9)]) == ([edge(9), edge(5)], True)


def test_below_the_last_of_a_full_look_at_merged_authors_nothing_is_known() -> None:
    held = timeline(edge(9), edge(5), edge(1))
    merged = [edge(8), edge(7), edge(6)]
    assert known(held, merged=merged) == ([edge(9), *merged], False)


def test_the_floor_counts_for_merged_authors_as_well() -> None:
    held = timeline(edge(9), floor=4)
    assert known(held, merged=[edge(5), edge(3)]) == ([edge(9), edge(5)], False)


@given(
    held=some.sets(some.integers(0, 60)),
    floor=some.none() | some.integers(0, 60),
    after=some.integers(0, 60),
    of_merged=some.sets(some.integers(0, 60)),
)
def test_what_is_known_is_all_there_is_above_its_end(
    held: set[int], floor: int | None, after: int, of_merged: set[int]
) -> None:
    pushed = {edge(one) for one in held if floor is None or one > floor}
    looked_up = [edge(one, post=1) for one in sorted(of_merged, reverse=True) if one < after]
    found, whole = known(timeline(*map(edge, held), floor=floor), edge(after), looked_up[:LIMIT])
    everything = pushed | {edge(one, post=1) for one in of_merged}
    below = [one for one in everything if (one.since, one.id.bytes) < _order(edge(after))]
    expected = sorted(below, key=_order, reverse=True)
    assert found == expected[: len(found)]
    assert not whole or found == expected
    # It suffices for a page, or everything down to the floor is there.
    assert len(found) >= min(
        LIMIT, len([one for one in expected if floor is None or one.since > at(floor)])
    )


def _order(one: Edge) -> tuple[datetime, bytes]:
    return one.since, one.id.bytes


def test_a_timeline_is_spent_once_little_is_left_above_its_floor() -> None:
    many = [edge(second) for second in range(SPENT_BELOW + 10)]
    assert not is_spent(timeline(*many, floor=9))
    assert is_spent(timeline(*many, floor=10))
    assert not is_spent(timeline(edge(1)))


def candidate(second: int, post: int = 0, cut: int | None = None) -> Candidate:
    found = edge(second, post)
    return Candidate(id=found.id, since=found.since, cut=None if cut is None else at(cut))


def test_a_timeline_of_all_there_is_has_no_floor() -> None:
    found = [candidate(9), candidate(5), candidate(2)]
    floor, entries = contents(found, 3)
    assert (floor, edges(entries)) == (0, [edge(9), edge(5), edge(2)])
    assert contents([], 3) == (0, [])


def test_the_first_one_that_does_not_fit_is_the_floor() -> None:
    found = [candidate(9), candidate(5, post=1), candidate(5), candidate(2)]
    floor, entries = contents(found, 3)
    assert (floor, edges(entries)) == (micros(at(2)), [edge(9), edge(5, post=1), edge(5)])
    floor, entries = contents(found, 2)
    # Equal times are not told apart by a floor.
    assert (floor, edges(entries)) == (micros(at(5)), [edge(9)])


def test_of_an_author_read_only_so_far_nothing_below_is_known() -> None:
    found = [candidate(9, cut=4), candidate(5, cut=4), candidate(2, cut=4)]
    floor, entries = contents(found, 3)
    assert (floor, edges(entries)) == (micros(at(4)), [edge(9), edge(5)])
    assert above(floor) > entry(at(4), UUID(int=(1 << 128) - 1))
