"""A log of one claimed partition or more in memory, for tests of what reads it."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from events import catalog, codec, record
from events.event import Event
from events.position import NOWHERE, Position
from events.record import Claim, Decision, Fact, Record
from events.topics import Partition
from infra.log.port import Entry

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EPOCH = UUID(int=0xE)


class Plain:
    """A cipher that seals by writing the text as it is."""

    async def load(self, persons: Sequence[UUID]) -> None:
        """Nothing to fetch."""

    def seal(self, person: UUID, context: str, text: str) -> bytes:
        return text.encode()

    def open(self, person: UUID, context: str, sealed: bytes) -> str | None:
        return sealed.decode()


class MemoryLog:
    """What readers ask of the log: its end, and stretches of it."""

    def __init__(self) -> None:
        self.entries: defaultdict[Partition, list[Entry]] = defaultdict(list)
        self._versions: defaultdict[str, int] = defaultdict(int)

    def append(self, partition: Partition, written: Record) -> int:
        """Append a record; its offset."""
        return self.append_value(partition, record.encode(written))

    def append_value(self, partition: Partition, value: bytes) -> int:
        """Append raw bytes, such as a damaged record; the offset."""
        offset = len(self.entries[partition])
        self.entries[partition].append(Entry(offset, None, value))
        return offset

    def claim(self, partition: Partition) -> int:
        """Append the first claim; decisions of `EPOCH` count from here on."""
        claim = Claim(id=EPOCH, previous=None, owner="test", endpoint="", at=START)
        return self.append(partition, claim)

    def decide(
        self,
        partition: Partition,
        *events: Event,
        shard: str = "",
        epoch: UUID = EPOCH,
        at: datetime | None = None,
        after: Position = NOWHERE,
    ) -> int:
        """Append one decision with the events, a second after the record before it."""
        facts = tuple(self._fact(event) for event in events)
        return self.decide_facts(partition, *facts, shard=shard, epoch=epoch, at=at, after=after)

    def decide_facts(
        self,
        partition: Partition,
        *facts: Fact,
        shard: str = "",
        epoch: UUID = EPOCH,
        at: datetime | None = None,
        after: Position = NOWHERE,
    ) -> int:
        """Append one decision with facts as they are."""
        decision = Decision(
            id=uuid4(),
            epoch=epoch,
            shard=shard or str(partition),
            stream=facts[0].stream,
            rpc="test",
            at=at or START + timedelta(seconds=len(self.entries[partition])),
            facts=facts,
            after=after,
        )
        return self.append(partition, decision)

    async def end(self, partition: Partition) -> int:
        return len(self.entries[partition])

    async def read(self, partition: Partition, start: int, stop: int) -> Sequence[Entry]:
        return self.entries[partition][start:stop]

    async def stream(
        self, partition: Partition, start: int, stop: int
    ) -> AsyncGenerator[Sequence[Entry], None]:
        for first in range(start, stop, 7):
            yield self.entries[partition][first : min(first + 7, stop)]

    def _fact(self, event: Event) -> Fact:
        stream = catalog.stream_of(event)
        self._versions[stream] += 1
        return codec.encode(event, stream, self._versions[stream], Plain())
