"""Places in the stream of live news, as event ids encode them.

A place says: everything up to here has been told, but for these few that are still to come. What
cannot be told yet holds up nothing that can, and is not forgotten when a page is cut off between.
"""

import re
from typing import Final

from msgspec import Struct

OWED_MAX: Final = 100

_SEQUENCE = r"[0-9]{1,19}"
_SHAPE = re.compile(rf"([0-9a-f]{{1,16}})-({_SEQUENCE})((?:\.{_SEQUENCE}){{0,{OWED_MAX}}})")


class Place(Struct, frozen=True):
    """Up to `sequence` of one incarnation of the stream, without those that are `owed`."""

    incarnation: int
    sequence: int
    owed: tuple[int, ...] = ()

    def __str__(self) -> str:
        owed = "".join(f".{one}" for one in self.owed)
        return f"{self.incarnation:x}-{self.sequence}{owed}"


def parsed(text: str) -> Place | None:
    """The place that an id names; None for what no id says."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    incarnation, sequence, owed = match.groups()
    place = Place(
        int(incarnation, 16), int(sequence), tuple(int(one) for one in owed.split(".")[1:])
    )
    return place if all(one <= place.sequence for one in place.owed) else None
