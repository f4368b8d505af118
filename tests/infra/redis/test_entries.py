"""Entries sort as the posts do that they stand for, and come back as they were."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from infra.redis.entries import (
    BLOB_ENTRIES_MAX,
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


def test_a_list_is_a_timeline_by_its_seal() -> None:
    made = Timeline(b"g" * 16, b"t" * 16, ready=True, floor=micros(FLOOR))
    found = timeline_of([b"a" * 24, b"b" * 48, seal(made)])
    assert found == Timeline(b"g" * 16, b"t" * 16, True, micros(FLOOR), b"a" * 24 + b"b" * 48)
    assert timeline_of([]) is None
