"""Which passwords are acceptable: long, not common, not public knowledge (NIST SP 800-63B).

No rules of composition: they make passwords harder to remember, not to guess.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Final

LENGTH_MIN: Final = 10
LENGTH_MAX: Final = 128


def normal(password: str) -> str:
    """The form that is hashed: what one person types alike on two keyboards is one password."""
    return unicodedata.normalize("NFC", password)


def fault(password: str, known: Iterable[str]) -> str | None:
    """Why the password is refused, None if it is fine. `known` is the e-mail and the handle.

    Lengths count code points after NFC.
    """
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        return f"must have {LENGTH_MIN} to {LENGTH_MAX} characters"
    folded = password.casefold()
    if folded in _common() or len(set(folded)) == 1:
        return "is among the most common passwords"
    if folded in {text.casefold() for text in known}:
        return "must not be the e-mail address or the handle"
    return None


@cache
def _common() -> frozenset[str]:
    """Passwords of leaked lists, as long as ours must be. Read late: the list is large."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    words: Iterable[str] = FREQUENCY_LISTS["passwords"]
    return frozenset(word.casefold() for word in words if len(word) >= LENGTH_MIN)
