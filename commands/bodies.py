"""The rules for the text of posts and comments.

Pure rules over text that is in Unicode's form NFC already and without control characters, as
the dispatcher leaves it. Lengths count code points.
"""

import unicodedata
from typing import Final

POST_LENGTH_MAX: Final = 5000
COMMENT_LENGTH_MAX: Final = 3000

MARKS_MAX: Final = 8
"""More marks than any script puts on one letter: beyond, they only run over other people's text."""

# Letters and signs by their category, but blank on the screen: fillers of Hangul, empty Braille.
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def body_fault(text: str, length_max: int) -> str | None:
    """A sentence for people, or nothing if the text is fine."""
    if not 1 <= len(text) <= length_max:
        return f"must have 1 to {length_max} characters"
    if not any(_is_visible(sign) for sign in text):
        return "must contain something visible"
    if _floods(text):
        return f"must not put more than {MARKS_MAX} marks on one letter"
    return None


def _is_visible(sign: str) -> bool:
    return sign not in _BLANK and unicodedata.category(sign)[0] not in "ZCM"


def _floods(text: str) -> bool:
    """Whether marks pile up; invisible characters between them do not make them fewer."""
    if text.isascii():
        return False
    marks = 0
    for sign in text:
        category = unicodedata.category(sign)
        if category in ("Mn", "Me"):
            marks += 1
            if marks > MARKS_MAX:
                return True
        elif category != "Cf":
            marks = 0
    return False
