"""The decisions of a partition, set apart by shard into slices that fit into memory.

A fold must hold all rows that a later event may change, which are those of the event's shard. So
the log is read once and scattered over files; then each file is folded by itself, and memory is
bounded by a slice, however long the log is.
"""

import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Final

from events import record
from events.record import Decision
from infra.worker.progress import Accepted

SLICE_RECORDS: Final = 32_768
SLICES_MAX: Final = 512
"""Open files of one process."""

KEPT_RECORDS_MAX: Final = 5 * SLICE_RECORDS // 4
"""Slices of the usual size. To decode a larger one for each model costs less than to hold it."""

_BUFFER_BYTES: Final = 1 << 15
_HEAD: Final = struct.Struct(">qi")


def slices_for(records: int) -> int:
    """Into how many slices so many records are set apart."""
    return min(SLICES_MAX, -(-records // SLICE_RECORDS))


class Slices:
    """Slices on disk, gone with the process that made them: files without a name.

    They lie where the system keeps temporary files (`TMPDIR`). Raises OSError when there is no
    room left. Of the slice that was asked for last, decisions are `kept` for whoever asks next, as
    long as they are no more than usual.
    """

    def __init__(self, count: int, *, kept: bool = False) -> None:
        self.records = [0] * count
        self._count = count
        self._keeps = kept
        self._kept: tuple[int, list[Accepted]] = (-1, [])
        with ExitStack() as opened:
            self._files: list[IO[bytes]] = [
                opened.enter_context(tempfile.TemporaryFile(buffering=_BUFFER_BYTES))
                for _ in range(count)
            ]
            self._opened = opened.pop_all()

    def __enter__(self) -> "Slices":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._opened.close()

    def slice_of(self, shard: str) -> int:
        """The slice of a shard. Partitions are told by the lower bits of the same hash."""
        return (zlib.crc32(shard.encode()) >> 12) % self._count

    def put(self, number: int, offset: int, value: bytes) -> None:
        """Add a record to a slice."""
        self.records[number] += 1
        file = self._files[number]
        file.write(_HEAD.pack(offset, len(value)))
        file.write(value)

    def read(self, number: int) -> Iterator[tuple[int, bytes]]:
        """The offsets and values of a slice, in the order in which they were put."""
        file = self._files[number]
        file.seek(0)
        while head := file.read(_HEAD.size):
            offset, length = _HEAD.unpack(head)
            yield offset, file.read(length)

    def decisions(self, number: int) -> Iterable[Accepted]:
        """The decisions of a slice, to which nothing will be put any more."""
        if self._kept[0] == number:
            return self._kept[1]
        # The slice before is let go of first: never are two in memory, not even for a moment.
        self._kept = (-1, [])
        decisions = map(_decision, self.read(number))
        if not self._keeps or self.records[number] > KEPT_RECORDS_MAX:
            return decisions
        self._kept = number, list(decisions)
        return self._kept[1]


def _decision(read: tuple[int, bytes]) -> Accepted:
    offset, value = read
    decision = record.decode(value)
    assert isinstance(decision, Decision), "only decisions are set apart"
    return Accepted(offset, decision)
