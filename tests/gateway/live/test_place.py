"""Places are read back as they were written, and nothing else is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.live.place import OWED_MAX, Place, parsed

INCARNATIONS = st.integers(0, (1 << 64) - 1)
SEQUENCES = st.integers(0, 10**12)


@given(INCARNATIONS, SEQUENCES, st.sets(SEQUENCES, max_size=OWED_MAX))
def test_a_place_is_read_back_as_it_was_written(
    incarnation: int, sequence: int, owed: set[int]
) -> None:
    place = Place(incarnation, max({sequence} | owed), tuple(sorted(owed)))
    assert parsed(str(place)) == place


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "1",
        "1-",
        "-1",
        "1-2-3",
        "1-2.",
        "1-2..1",
        "1-2.3",
        "1-2,1-3",
        "g-2",
        "1--2",
        "1-2 ",
        "1-\u0662",
        "1-2\n",
        "1-99999999999999999999",
        "10000000000000000-1",
        "1-500" + "".join(f".{number}" for number in range(OWED_MAX + 1)),
        "1" * 10_000,
    ],
)
def test_what_no_event_has_as_its_id_is_no_place(text: str) -> None:
    assert parsed(text) is None


@given(st.text())
def test_no_text_is_a_fault(text: str) -> None:
    place = parsed(text)
    assert place is None or str(place).lstrip("0") == text.lstrip("0")
