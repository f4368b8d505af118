"""Reading a partition in bulk: the accept rule, and what counts scattered over slices."""

from collections.abc import Callable, Collection, Sequence
from contextlib import aclosing

from events.topics import Partition
from infra.log.port import BulkLog, Entry
from infra.worker import progress
from infra.worker.progress import Checkpoint
from projections.rebuilding.slices import Slices


class Unfoldable(RuntimeError):
    """A record that must not be passed: `offset` says where, the text why."""

    def __init__(self, partition: Partition, offset: int, reason: str) -> None:
        super().__init__(f"{partition} at offset {offset}: {reason}")
        self.offset = offset


class Scattering:
    """Reads one partition from its start on; `wanted` are the types of events to keep."""

    def __init__(
        self,
        log: BulkLog,
        partition: Partition,
        slices: Slices,
        wanted: Collection[str],
        told: Callable[[int], None],
    ) -> None:
        self.checkpoint = Checkpoint()
        self._log = log
        self._partition = partition
        self._slices = slices
        self._wanted = frozenset(wanted)
        self._told = told

    async def read_to(self, stop: int, first: int = 0) -> Checkpoint:
        """The checkpoint before `stop`, with all that counts up to there in the slices.

        Slices below `first` are left empty. Raises `Unfoldable`, `Halted` on a gap, OSError,
        `LogUnavailable`.
        """
        start = self.checkpoint.offset + 1
        async with aclosing(self._log.stream(self._partition, start, stop)) as batches:
            async for entries in batches:
                self._take(entries, first)
                self._told(len(entries))
        return self.checkpoint

    def _take(self, entries: Sequence[Entry], first: int) -> None:
        reads = progress.remaining(self.checkpoint, progress.read(entries))
        self.checkpoint, accepted = progress.advanced(self.checkpoint, reads)
        base = entries[0].offset
        for offset, decision in accepted:
            unknown = progress.unknown_type(decision)
            if unknown is not None:
                reason = f"Event type {unknown} is unknown to this version of Agora."
                raise Unfoldable(self._partition, offset, reason)
            if progress.concerns(decision, self._wanted):
                number = self._slices.slice_of(decision.shard)
                if number >= first:
                    value = entries[offset - base].value
                    assert value is not None, "what counts was decoded"
                    self._slices.put(number, offset, value)
