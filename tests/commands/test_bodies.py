"""What may be said in a post or a comment."""

import pytest

from commands.bodies import MARKS_MAX, body_fault


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "🦉" * 10,
        " \n\tOwls.\n",
        "สวัสดีครับ น้ำ",
        "שָׁל֥וֹם",
        "हिन्दी ब्राह्मी",
        "a" + "\u0301" * MARKS_MAX,
        "👩\u200d👩\u200d👧\u200d👦",
    ],
)
def test_what_people_write_is_fine(text: str) -> None:
    assert body_fault(text, 100) is None


@pytest.mark.parametrize("text", [" ", "\n\n\t", "\u200b\u200d", "\u3164", "\u2800 ", "\u0301"])
def test_what_cannot_be_seen_is_not_said(text: str) -> None:
    assert body_fault(text, 100) == "must contain something visible"


def test_lengths_count_code_points() -> None:
    assert body_fault("🦉" * 100, 100) is None
    assert body_fault("🦉" * 101, 100) == "must have 1 to 100 characters"
    assert body_fault("", 100) == "must have 1 to 100 characters"


@pytest.mark.parametrize(
    "text",
    ["Z" + "\u0335" * (MARKS_MAX + 1), "Z" + "\u0335\u200d" * 9, "ok " + "Z" + "\u20dd" * 4000],
)
def test_marks_do_not_pile_up(text: str) -> None:
    assert body_fault(text, 5000) == "must not put more than 8 marks on one letter"


def test_marks_on_many_letters_are_not_a_pile() -> None:
    assert body_fault("e\u0335\u0336" * 100, 5000) is None
