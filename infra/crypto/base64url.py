"""Bytes as text for URLs and headers (RFC 4648, section 5), without padding, in one form only.

Each id and position in each request passes through here, hence without the library's detours.
"""

import binascii
from typing import Final

_FOR_URLS: Final = bytes.maketrans(b"+/", b"-_")
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


def encoded(raw: bytes) -> str:
    """The text of `raw`, from the letters, digits, `-` and `_`."""
    return binascii.b2a_base64(raw, newline=False).translate(_FOR_URLS, b"=").decode("ascii")


def decoded(text: str) -> bytes:
    """The bytes of `text`; raises ValueError for anything that `encoded` does not give.

    The decoder alone would take several texts for the same bytes.
    """
    padded = text + "=" * (-len(text) % 4)
    try:
        raw = binascii.a2b_base64(padded.encode("ascii").translate(_STANDARD), strict_mode=True)
    except ValueError as problem:
        raise ValueError("This is not base64url.") from problem
    if encoded(raw) != text:
        raise ValueError("This is not base64url in its one form.")
    return raw
