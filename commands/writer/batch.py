"""A batch: rulings that travel together, and the answers that wait for them.

Every answer waits for its batch to be durable. A ruling without events waits as well, for two
reasons: the head it was judged on may not be durable yet, and only an append begun after the
ruling proves that the owner still was the owner (docs/adr/0001-log-fenced-writer.md).
"""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from commands.submission import Handled, Routed
from commands.writer.answer import Answer
from commands.writer.ruling import Ruling
from events import record
from events.record import Barrier
from events.topics import Partition


class Waiting(Struct, eq=False):
    """A submission and its answer to be; its streams are held in memory for it."""

    asked: Routed
    answer: Answer


class Item(Struct):
    """A waiting submission with its ruling."""

    waiting: Waiting
    ruling: Ruling


class Batch:
    """Records in the making, to stand at `start` and after it if nobody comes between."""

    def __init__(self, start: int, bytes_max: int) -> None:
        self.start = start
        self.items: list[Item] = []
        self.records: list[tuple[bytes, bytes]] = []
        self.last_id: UUID | None = None
        self._room = bytes_max

    @property
    def full(self) -> bool:
        """Whether the next ruling should wait for the next batch."""
        return self._room <= 0

    @property
    def next_offset(self) -> int:
        """Where the next record would stand."""
        return self.start + len(self.records)

    def add(self, waiting: Waiting, ruling: Ruling) -> None:
        """Takes a ruling in, and its record if it has events."""
        self.items.append(Item(waiting, ruling))
        if ruling.decision is not None:
            self._append(ruling.decision.id, ruling.decision.shard, ruling.value)

    def seal(self, barrier: Barrier, partition: Partition) -> None:
        """Gives a batch without records the barrier that its answers need."""
        if not self.records:
            self._append(barrier.id, str(partition), record.encode(barrier))

    def _append(self, record_id: UUID, key: str, value: bytes) -> None:
        self.records.append((key.encode(), value))
        self.last_id = record_id
        self._room -= len(value) + len(key)

    @property
    def decision_ids(self) -> frozenset[UUID]:
        """The ids of the batch's decisions."""
        return frozenset(
            item.ruling.decision.id for item in self.items if item.ruling.decision is not None
        )


def answered(partition: str, ruling: Ruling, offset: int) -> Handled:
    """The answer of a ruling whose events, or whose fence, stand at `offset`."""
    return Handled(position={partition: offset}, at=ruling.at, events=ruling.events)


def fail(waiting: Sequence[Waiting], error: Exception) -> None:
    """Answers everyone who still waits with `error`."""
    for each in waiting:
        each.answer.fail(error)
