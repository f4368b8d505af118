"""The ring holds the latest entries, and knows what it no longer has."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.live.ring import Entry, Ring

SIZE = 5


def filled(first: int, last: int, size: int = SIZE) -> Ring:
    ring = Ring(size)
    ring.restart(first)
    for sequence in range(first, last + 1):
        ring.append(Entry(sequence, 0.0))
    return ring


def test_an_empty_ring_holds_nothing_and_misses_nothing() -> None:
    ring = Ring(SIZE)
    assert ring.holds_after(0)
    assert not ring.holds_after(1)
    assert list(ring.between(0, 10)) == []


def test_the_oldest_make_room() -> None:
    ring = filled(1, SIZE + 2)
    assert (ring.first, ring.last) == (3, 7)
    assert [entry.sequence for entry in ring.between(0, 100)] == [3, 4, 5, 6, 7]
    assert ring.at(2) is None
    assert ring.at(8) is None
    assert [ring.holds_after(sequence) for sequence in (1, 2, 7, 8)] == [False, True, True, False]


def test_a_ring_that_was_restarted_holds_nothing_of_before() -> None:
    ring = filled(1, 4)
    ring.restart(100)
    assert not ring.holds_after(4)
    assert ring.at(4) is None
    ring.append(Entry(100, 0.0))
    assert [entry.sequence for entry in ring.between(0, 1000)] == [100]


@given(st.integers(1, 50), st.integers(0, 30), st.integers(0, 90), st.integers(0, 90))
def test_it_is_the_end_of_a_list(first: int, count: int, after: int, upto: int) -> None:
    ring = filled(first, first + count - 1)
    kept = list(range(first, first + count))[-SIZE:]
    between = [entry.sequence for entry in ring.between(after, upto)]
    assert between == [sequence for sequence in kept if after < sequence <= upto]
    complete = set(range(after + 1, first + count)) <= set(kept) and after < first + count
    assert ring.holds_after(after) == (complete and after >= first - 1)
    found = ring.at(after)
    assert (found.sequence if found else None) == (after if after in kept else None)
