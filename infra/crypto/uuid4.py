"""Random UUIDs (version 4, RFC 9562), drawn from the kernel many at a time.

`uuid.uuid4` asks the kernel for each and takes it apart in Python, which is a good part of the
processor time of a small command.
"""

import os
from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Final
from uuid import UUID

import msgspec

DRAWN_AT_ONCE: Final = 256

_BYTES: Final = 16
_VERSION: Final = bytes(octet & 0x0F | 0x40 for octet in range(256))
_VARIANT: Final = bytes(octet & 0x3F | 0x80 for octet in range(256))


def drawing() -> Callable[[], UUID]:
    """A function that gives another random id each time. For one process: a fork repeats them."""
    return chain.from_iterable(iter(partial(drawn, DRAWN_AT_ONCE), None)).__next__


def drawn(count: int) -> list[UUID]:
    """So many random ids."""
    octets = bytearray(os.urandom(_BYTES * count))
    octets[6::_BYTES] = octets[6::_BYTES].translate(_VERSION)
    octets[8::_BYTES] = octets[8::_BYTES].translate(_VARIANT)
    parts = [bytes(octets[at : at + _BYTES]) for at in range(0, len(octets), _BYTES)]
    return msgspec.convert(parts, list[UUID])
