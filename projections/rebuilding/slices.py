"""The decisions of a partition, set apart by shard into slices that fit into memory.

A fold must hold all rows that a later event may change, which are those of the event's shard. So
the log is read once and scattered over files; then each file is folded by itself, and memory is
bounded by a slice, however long the log is.
"""

import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Final

SLICE_RECORDS: Final = 32_768
SLICES_MAX: Final = 512
"""Open files of one process."""

_BUFFER_BYTES: Final = 1 << 15
_HEAD: Final = struct.Struct(">qi")


def slices_for(records: int) -> int:
    """Into how many slices so many records are set apart."""
    return min(SLICES_MAX, -(-records // SLICE_RECORDS))


class Slices:
    """Slices on disk, gone with the process that made them: files without a name.

    They lie where the system keeps temporary files (`TMPDIR`). Raises OSError when there is no
    room left.
    """

    def __init__(self, count: int) -> None:
        self.records = [0] * count
        self._count = count
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
