"""Positions travel sealed and come back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.position import NOWHERE
from infra.crypto.sealed import Seals
from infra.positions import Positions
from schemas.refusals import Invalid

SEALS = Seals(bytes(range(32)))
POSITIONS = Positions(SEALS)

partitions = st.builds(
    "{}-{}".format, st.sampled_from(["people", "names", "with-dash"]), st.integers(0, 1023)
)


@given(st.dictionaries(partitions, st.integers(-1, 2**63 - 1), max_size=20))
def test_a_position_comes_back(position: dict[str, int]) -> None:
    assert POSITIONS.open(POSITIONS.seal(position)) == position


def test_a_list_opens_as_the_least_position_that_includes_them_all() -> None:
    ours, theirs = {"people-1": 5, "posts-0": 9}, {"people-1": 7, "names-0": 1}
    listed = f"{POSITIONS.seal(ours)}, {POSITIONS.seal(theirs)}"
    assert POSITIONS.open(listed) == {"people-1": 7, "posts-0": 9, "names-0": 1}


def test_nowhere_is_an_empty_text() -> None:
    assert POSITIONS.seal(NOWHERE) == ""
    assert POSITIONS.open("") == NOWHERE


def test_the_order_of_partitions_does_not_matter() -> None:
    here = {"people-1": 5, "people-2": 7, "names-0": 1}
    assert POSITIONS.seal(here) == POSITIONS.seal(dict(reversed(here.items())))


def test_partitions_and_offsets_are_not_to_be_seen() -> None:
    assert "people" not in POSITIONS.seal({"people-1": 5})


def test_five_hundred_partitions_still_fit() -> None:
    everywhere = {f"people-{number}": 10**9 + number for number in range(500)}
    assert POSITIONS.open(POSITIONS.seal(everywhere)) == everywhere


@pytest.mark.parametrize(
    "text",
    [
        "people-1:5",
        POSITIONS.seal({"people-1": 5})[:-1],
        SEALS.seal("cursor", b"\x80"),
        POSITIONS.seal({"people-1": 5}) + ",",
        POSITIONS.seal({"people-1": 5}) + "," + SEALS.seal("cursor", b"\x80"),
        ",".join([POSITIONS.seal({"people-1": 5})] * 17),
        SEALS.seal("position", b"\xc1"),
        SEALS.seal("position", b"\x93\x01\x02\x03"),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        POSITIONS.open(text)
    assert refused.value.reason == "POSITION_INVALID"
    assert text not in str(refused.value)


def test_what_is_no_partition_is_not_sealed() -> None:
    with pytest.raises(ValueError, match="not a partition"):
        POSITIONS.seal({"people": 5})
