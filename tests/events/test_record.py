"""Records on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import record
from events.record import DamagedRecord, Record
from tests.events.records import barrier, claim, decision, release

ONE_OF_EACH: list[Record] = [claim(1, None), claim(2, 1), release(1), barrier(1), decision(1)]


@pytest.mark.parametrize("written", ONE_OF_EACH, ids=lambda one: type(one).__name__)
def test_a_record_is_read_as_it_was_written(written: Record) -> None:
    assert record.decode(record.encode(written)) == written


def test_a_tombstone_is_damage() -> None:
    with pytest.raises(DamagedRecord):
        record.decode(None)


@given(st.binary(max_size=200))
def test_foreign_bytes_are_damage_and_nothing_worse(value: bytes) -> None:
    with pytest.raises(DamagedRecord):
        record.decode(value)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_flipped_byte_is_damage_or_another_record(place: int, mask: int) -> None:
    value = bytearray(record.encode(decision(1)))
    value[place % len(value)] ^= mask
    try:
        read = record.decode(bytes(value))
    except DamagedRecord:
        return
    assert read is not None


def test_only_plain_decisions_are_passed_over_by_those_who_follow_ownership() -> None:
    concerned = [record.concerns_tenure(record.encode(one)) for one in ONE_OF_EACH]
    assert concerned == [True, True, True, True, False]
    assert not record.concerns_tenure(None)
