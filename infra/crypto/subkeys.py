"""Derives one secret key per purpose from a root key.

What leaks or breaks under one purpose tells nothing about another, and a value made for one is
worthless as another.
"""

import hashlib
from typing import Final

ROOT_BYTES: Final = 32


def subkey(root: bytes, purpose: str, size: int = 32) -> bytes:
    """The key of `size` bytes (at most 64) for `purpose` (at most 16 bytes): keyed BLAKE2b.

    Raises ValueError for a root key that is not of 32 bytes, or a purpose that is empty or long.
    """
    if len(root) != ROOT_BYTES:
        raise ValueError(f"A root key has {ROOT_BYTES} bytes, not {len(root)}.")
    if not purpose:
        raise ValueError("A subkey needs a purpose.")
    return hashlib.blake2b(key=root, person=purpose.encode(), digest_size=size).digest()
