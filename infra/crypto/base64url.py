"""Bytes as text for URLs and headers (RFC 4648, section 5), without padding, in one form only."""

import base64
import binascii


def encoded(raw: bytes) -> str:
    """The text of `raw`, from the letters, digits, `-` and `_`."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of `text`; raises ValueError for anything that `encoded` does not give.

    The library alone would skip foreign characters and take several texts for the same bytes.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as problem:
        raise ValueError("This is not base64url.") from problem
    if encoded(raw) != text:
        raise ValueError("This is not base64url in its one form.")
    return raw
