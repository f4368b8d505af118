"""Positions form a lattice: merging loses nothing and order does not matter."""

from hypothesis import given
from hypothesis import strategies as st

from events.position import NOWHERE, includes, merged, missing

positions = st.dictionaries(
    st.sampled_from(["people-0", "people-1", "names-0"]), st.integers(0, 5), max_size=3
)


@given(positions, positions, positions)
def test_merging_is_commutative_associative_and_idempotent(
    one: dict[str, int], two: dict[str, int], three: dict[str, int]
) -> None:
    assert merged(one, two) == merged(two, one)
    assert merged(merged(one, two), three) == merged(one, merged(two, three))
    assert merged(one, one) == one


@given(positions, positions)
def test_a_merged_position_includes_both(one: dict[str, int], two: dict[str, int]) -> None:
    both = merged(one, two)
    assert includes(both, one)
    assert includes(both, two)


@given(positions, positions)
def test_nothing_is_missing_exactly_when_it_is_included(
    reached: dict[str, int], wanted: dict[str, int]
) -> None:
    assert (missing(reached, wanted) == {}) == includes(reached, wanted)
    assert includes(merged(reached, missing(reached, wanted)), wanted)


def test_offset_zero_is_a_place_and_not_nowhere() -> None:
    assert not includes(NOWHERE, {"people-0": 0})
