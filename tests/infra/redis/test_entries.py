"""Entries sort as the posts do that they stand for, and come back as they were."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from infra.redis.entries import (
    BLOB_ENTRIES_MAX,
    DamagedTimeline,
    above,
    blobs,
    entry,
    micros,
    opened,
    seal,
    sorted_newest_first,
    split,
    timeline_of,
)
from infra.redis.port import Timeline

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = some.integers(0, 250_000_000_000_000_000).map(
    lambda number: EPOCH + timedelta(microseconds=number)
)
PLACES = some.tuples(TIMES, some.uuids())
FLOOR = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


@given(PLACES)
def test_an_entry_is_its_time_and_its_post(place: tuple[datetime, UUID]) -> None:
    assert opened(entry(*place)) == place


@given(some.lists(PLACES))
def test_entries_sort_as_bytes_like_times_and_then_ids(places: list[tuple[datetime, UUID]]) -> None:
    expected = sorted(set(places), key=lambda one: (one[0], one[1].bytes), reverse=True)
    assert [opened(one) for one in sorted_newest_first(entry(*one) for one in places)] == expected


@given(some.lists(PLACES, max_size=300))
def test_blobs_hold_the_entries_in_their_order(places: list[tuple[datetime, UUID]]) -> None:
    entries = [entry(*place) for place in places]
    made = blobs(entries)
    assert list(split(b"".join(made))) == entries
    assert all(len(list(split(blob))) <= BLOB_ENTRIES_MAX for blob in made)


@pytest.mark.parametrize("post", [UUID(int=0), UUID(int=(1 << 128) - 1)])
def test_above_a_floor_is_what_came_later_than_it(post: UUID) -> None:
    bottom = above(micros(FLOOR))
    assert entry(FLOOR, post) < bottom
    assert bottom < entry(FLOOR + timedelta(microseconds=1), post)


def test_times_before_1970_are_its_beginning() -> None:
    assert micros(datetime.min.replace(tzinfo=UTC)) == 0


MADE = Timeline(b"g" * 16, b"t" * 16, ready=True, floor=micros(FLOOR))
ONE = entry(FLOOR, UUID(int=(1 << 128) - 1))


def test_a_list_is_a_timeline_by_its_seal() -> None:
    found = timeline_of([ONE, ONE + ONE, seal(MADE)])
    assert found == Timeline(b"g" * 16, b"t" * 16, True, micros(FLOOR), 3 * ONE)
    assert timeline_of([]) is None


@pytest.mark.parametrize(
    "elements",
    [
        [ONE],
        [b""],
        [seal(MADE), ONE],
        [ONE, seal(MADE) + b"x"],
        [ONE[:-1], seal(MADE)],
        [ONE + b"x", seal(MADE)],
        [ONE[1:], b"x" + ONE, seal(MADE)],
        [b"\xff" * 24, seal(MADE)],
        [ONE, seal(MADE)[:-8] + b"\xff" * 8],
    ],
)
def test_a_list_that_holds_something_else_is_damaged(elements: list[bytes]) -> None:
    with pytest.raises(DamagedTimeline):
        timeline_of(elements)


RUBBISH = some.one_of(
    some.binary(max_size=60), some.binary(min_size=23, max_size=23).map(lambda rest: b"\0" + rest)
)


@given(some.lists(RUBBISH, max_size=4))
def test_whatever_is_taken_for_a_timeline_can_be_read(rubbish: list[bytes]) -> None:
    with suppress(DamagedTimeline):
        found = timeline_of([*rubbish, seal(MADE)])
        assert found is not None
        assert b"".join(entry(*opened(one)) for one in split(found.entries)) == b"".join(rubbish)
