"""Writes partitions by hand, as owners, zombies and vandals would."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Raw

from events import codec, record
from events.catalog import stream_of
from events.codec import Cipher
from events.event import Event
from events.record import Barrier, Claim, Decision, Fact, Record, Release
from events.tenure import UNCLAIMED
from events.topics import Partition
from infra.log.port import Entry, Log
from infra.log.scan import Scanned, scanned

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def numbered(number: int) -> UUID:
    """A UUID that tells its number."""
    return UUID(int=(7 << 76) | (2 << 62) | number)


class Journal:
    """The records of one partition. The clock goes on by a second for each."""

    def __init__(self, shard: str, cipher: Cipher | None = None) -> None:
        self.records: list[tuple[bytes, bytes]] = []
        self.shard = shard
        self.epoch: UUID | None = None
        self._cipher = cipher or codec.Blind()
        self._versions: dict[str, int] = {}

    @property
    def now(self) -> datetime:
        return NOON + timedelta(seconds=len(self.records))

    def claim(self, owner: str = "one", previous: UUID | None = None) -> UUID:
        """A claim that names the current epoch, unless it is told another."""
        epoch = numbered(1000 + len(self.records))
        before = self.epoch if previous is None else previous
        self.control(Claim(epoch, before, owner, "127.0.0.1:7001", self.now))
        if before == self.epoch:
            self.epoch = epoch
        return epoch

    def barrier(self) -> None:
        self.control(Barrier(numbered(2000 + len(self.records)), self._held(), self.now))

    def release(self) -> None:
        self.control(Release(numbered(3000 + len(self.records)), self._held(), self.now))

    def decide(
        self, *events: Event, at: datetime | None = None, request: UUID | None = None
    ) -> Decision:
        """One decision of the owner with these events, at the versions that follow."""
        decision = self.decision(*(self.fact(event) for event in events), at=at, request=request)
        self.append(decision)
        return decision

    def decision(
        self,
        *facts: Fact,
        epoch: UUID | None = None,
        at: datetime | None = None,
        request: UUID | None = None,
    ) -> Decision:
        return Decision(
            id=numbered(4000 + len(self.records)),
            epoch=epoch or self._held(),
            shard=self.shard,
            stream=facts[0].stream if facts else "",
            rpc="accounts.SetVisibility",
            at=at or self.now,
            facts=facts,
            request=request,
        )

    def fact(self, event: Event, version: int = 0) -> Fact:
        stream = stream_of(event)
        self._versions[stream] = version or self._versions.get(stream, 0) + 1
        return codec.encode(event, stream, self._versions[stream], self._cipher)

    def append(self, decision: Decision, key: str = "") -> None:
        self.raw(record.encode(decision), (key or decision.shard).encode())

    def control(self, mark: Record) -> None:
        self.raw(record.encode(mark))

    def raw(self, value: bytes, key: bytes = b"people-0") -> None:
        self.records.append((key, value))

    def scan(self, partition: Partition) -> Iterator[Scanned]:
        """The records as a reader sees them."""
        tenure = UNCLAIMED
        for offset, (key, value) in enumerate(self.records):
            item = scanned(partition, tenure, Entry(offset, key, value))
            tenure = item.tenure
            yield item

    async def write(self, log: Log, partition: Partition) -> None:
        """Appends all of it to the log."""
        appender = await log.appender(partition)
        try:
            await appender.append(self.records)
        finally:
            await appender.close()

    def _held(self) -> UUID:
        assert self.epoch is not None
        return self.epoch


def foreign_fact(kind: str, stream: str, version: int, **data: object) -> Fact:
    """A fact of any type, with any data."""
    return Fact(kind, stream, version, Raw(msgspec.msgpack.encode(data)))
