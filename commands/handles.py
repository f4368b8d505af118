"""Handles offered to someone who gave none: derived from their name, in plain letters."""

import re
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from anyascii import anyascii

LENGTH_MIN: Final = 3
LENGTH_MAX: Final = 30
FALLBACK: Final = "person"
SUFFIX_DIGITS: Final = (2, 4, 6, 9)


def offered(first_name: str, last_name: str, account: UUID) -> Iterator[str]:
    """Handles to try in turn: `ana_lima`, then with more and more digits behind it.

    The digits come from the account's random bits, so that they are the same for a repeated
    request and rarely the same for two people. The last ones cannot all be taken.
    """
    stem = _stem(f"{first_name} {last_name}")
    yield stem
    number = str(account.int % 10**9).zfill(9)
    for digits in SUFFIX_DIGITS:
        yield f"{stem[: LENGTH_MAX - digits]}{number[-digits:]}"


def _stem(name: str) -> str:
    plain = re.sub(r"[^a-z0-9 -]", "", anyascii(name).lower())
    joined = re.sub(r"[ -]+", "_", plain.strip(" -"))[:LENGTH_MAX].rstrip("_")
    return joined if len(joined) >= LENGTH_MIN else FALLBACK
