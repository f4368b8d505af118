"""Positions as callers hold them: sealed, because partitions and offsets are internal."""

from typing import Final

import msgspec

from events.position import NOWHERE, Position, merged
from events.topics import Partition, parse_partition
from infra.crypto.sealed import Seals
from schemas.refusals import Invalid

_PURPOSE: Final = "position"
_REASON: Final = "POSITION_INVALID"
LIST_MAX: Final = 16
"""Most positions in one list: commands that a client had in hand at once."""

_decoder: Final = msgspec.msgpack.Decoder(dict[str, dict[int, int]])


class Positions:
    """Seals positions for headers and receipts. An empty text is nowhere."""

    def __init__(self, seals: Seals) -> None:
        self._seals = seals

    def seal(self, position: Position) -> str:
        """The text of `position`; the same position gives the same text.

        Raises ValueError for a partition that is not one, and beyond some 500 partitions.
        """
        if not position:
            return ""
        by_topic: dict[str, dict[int, int]] = {}
        for name, offset in sorted(position.items()):
            partition = parse_partition(name)
            by_topic.setdefault(partition.topic, {})[partition.number] = offset
        return self._seals.seal(_PURPOSE, msgspec.msgpack.encode(by_topic))

    def open(self, text: str) -> Position:
        """The least position that includes each one of `text`: a list, with commas between.

        So a client with several commands in hand needs to understand no position to be past all of
        them. Raises Invalid POSITION_INVALID for anything but what was sealed, and beyond
        `LIST_MAX`.
        """
        if not text:
            return NOWHERE
        if "," not in text:
            return self._opened(text)
        texts = text.split(",")
        if len(texts) > LIST_MAX:
            raise Invalid(_REASON, f"Send {LIST_MAX} positions at most.")
        return merged(*(self._opened(one.strip()) for one in texts))

    def _opened(self, text: str) -> Position:
        try:
            by_topic = _decoder.decode(self._seals.open(_PURPOSE, text, _REASON))
        except msgspec.DecodeError:
            raise Invalid(_REASON, "This position is of another version; leave it out.") from None
        return {
            str(Partition(topic, number)): offset
            for topic, offsets in by_topic.items()
            for number, offset in offsets.items()
        }
