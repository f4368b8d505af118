"""The log, as writers and readers use it. Kafka implements it, and so does the simulator.

Both pass the same contract suite (`tests/contracts`).
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Protocol

from events.topics import Partition
from events.value import Value


class Entry(Value, frozen=True):
    """One record where it stands in the log; `value` is None for a foreign tombstone."""

    offset: int
    key: bytes | None
    value: bytes | None


class AppendUnknown(RuntimeError):
    """The append failed, timed out or answered oddly: it may have landed, now or later."""


class Appender(Protocol):
    """One producer for one partition. Never shared, never reused after `AppendUnknown`."""

    async def append(self, records: Sequence[tuple[bytes, bytes]]) -> int:
        """The base offset of the (key, value) records, once all in-sync replicas have them.

        Offsets are dense: the records stand at base, base + 1, ...  Raises `AppendUnknown`;
        ValueError, with nothing sent, for no records at all or more than one batch can hold.
        """
        ...

    async def close(self) -> None:
        """Lets go within a second, whatever the brokers do; unsent records are dropped."""
        ...


class LogUnavailable(RuntimeError):
    """The log could not be read within its time-out."""


class LogTruncated(LogUnavailable):
    """The place asked for lies beyond the log's end: this is not the log that it once was."""


Known = Callable[[], Mapping[Partition, int]]
"""The offsets before which a caller needs no entries, for partitions it learns of elsewhere now."""


def nothing() -> Mapping[Partition, int]:
    """What a caller knows that learns of everything from the tail alone."""
    return {}


class ReadableLog(Protocol):
    """The log as those read it who want some of it. Everything here raises `LogUnavailable`."""

    async def end(self, partition: Partition) -> int:
        """The offset after the last durable record."""
        ...

    async def read(self, partition: Partition, start: int, stop: int) -> Sequence[Entry]:
        """The entries of [start, stop), in order; fewer when `stop` is beyond the end."""
        ...


class Log(ReadableLog, Protocol):
    """The log as the writer uses it. Everything here raises `LogUnavailable`."""

    async def appender(self, partition: Partition) -> Appender:
        """A fresh producer, ready to send."""
        ...

    def tail(
        self, starts: Mapping[Partition, int], known: Known = nothing
    ) -> AsyncGenerator[tuple[Partition, Sequence[Entry]], None]:
        """Entries of many partitions from their starts on, for ever, in order for each.

        `known` is asked again and again. A partition that it names is left alone while it does,
        and once it does not any more, entries before the offset last given may be left out.
        Outlives the loss of brokers. Raises `LogTruncated` for a start beyond the end. Close it
        (`contextlib.aclosing`) to let its connections go.
        """
        ...


class BulkLog(ReadableLog, Protocol):
    """The log as those read it who want all of it, as quickly as it comes."""

    def stream(
        self, partition: Partition, start: int, stop: int
    ) -> AsyncGenerator[Sequence[Entry], None]:
        """The entries of [start, stop) in order, a batch at a time; raises `LogUnavailable`.

        `stop` must not be beyond the end. Close it (`contextlib.aclosing`) before its end.
        """
        ...
