"""UUIDs of version 7 carry their time, and requests with other ids are refused."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid1, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.crypto.uuid7 import is_uuid7, new_uuid7, request_time, uuid7
from schemas.refusals import Invalid

NOON = datetime(2031, 5, 4, 12, 0, 0, 123_000, tzinfo=UTC)

times = st.integers(0, 250 * 10**15).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)


@given(times)
def test_an_id_tells_when_it_was_drawn_to_the_millisecond(now: datetime) -> None:
    drawn = new_uuid7(now)
    assert is_uuid7(drawn)
    assert timedelta() <= now - request_time(drawn) < timedelta(milliseconds=1)


def test_the_zone_of_the_clock_does_not_matter() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=9)))
    assert request_time(new_uuid7(elsewhere)) == NOON


def test_ids_of_one_moment_differ() -> None:
    assert len({new_uuid7(NOON) for _ in range(1000)}) == 1000


def test_ids_of_later_moments_sort_later() -> None:
    later = new_uuid7(NOON + timedelta(milliseconds=1))
    assert new_uuid7(NOON) < later


def test_the_standards_own_example_reads_as_the_standard_says() -> None:
    """RFC 9562, appendix A.6."""
    example = UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")
    assert request_time(example) == datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)
    assert uuid7(0x017F22E279B0, example.bytes[6:]) == example


@pytest.mark.parametrize(
    "other",
    [
        uuid4(),
        uuid1(),
        UUID(int=0),
        UUID("017f22e2-79b0-7cc3-18c4-dc0c0c07398f"),
        UUID("ffffffff-ffff-7fff-bfff-ffffffffffff"),
    ],
)
def test_ids_of_other_kinds_and_times_beyond_the_calendar_are_refused(other: UUID) -> None:
    with pytest.raises(Invalid) as refused:
        request_time(other)
    assert refused.value.reason == "REQUEST_ID_INVALID"
