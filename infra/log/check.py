"""What must hold in every partition, checked record by record. Pure: the caller reads the log.

Only records that count are held to it: what zombies wrote is counted and otherwise ignored.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from events import codec
from events.catalog import stream_of
from events.codec import Blind, UnknownEventType
from events.record import Barrier, Claim, DamagedRecord, Decision, Fact, Release
from events.stream import MEMORY
from events.topics import Partition, partition_number
from infra.log.scan import Scanned


class Finding(Struct, frozen=True):
    """One thing that must not be, and where. `kind` is stable, `detail` is for people."""

    kind: str
    partition: str
    offset: int
    detail: str


class Counts(Struct):
    """What a partition holds. Stale claims and zombie records are harmless: they do not count."""

    records: int = 0
    decisions: int = 0
    events: int = 0
    claims: int = 0
    releases: int = 0
    barriers: int = 0
    stale_claims: int = 0
    zombie_records: int = 0


class PartitionCheck:
    """Checks one partition from its start; hand it every record in order."""

    def __init__(self, partition: Partition, partitions: int) -> None:
        self.counts = Counts()
        self._partition = partition
        self._partitions = partitions
        self._next_offset = 0
        self._last_at: datetime | None = None
        self._versions: dict[str, int] = {}
        self._requests: dict[Request, int] = {}
        self._remembered: deque[tuple[datetime, Request]] = deque()

    def see(self, item: Scanned) -> Iterator[Finding]:
        """What is wrong with the record; nothing for one that is as it should be."""
        offset = item.entry.offset
        self.counts.records += 1
        if offset != self._next_offset:
            yield self._finding("hole", offset, f"offset {self._next_offset} is missing before it")
        self._next_offset = offset + 1
        if item.record is None:
            yield self._finding("damaged", offset, f"damaged or foreign: {item.damage}")
            return
        self._count(item)
        if not item.counts:
            return
        if isinstance(item.record, Decision):
            yield from self._decision(offset, item.entry.key, item.record)

    def _decision(self, offset: int, key: bytes | None, decision: Decision) -> Iterator[Finding]:
        yield from self._timely(offset, decision.at)
        yield from self._placed(offset, key, decision)
        yield from self._asked_once(offset, decision)
        for fact in decision.facts:
            yield from self._follows(offset, fact)
            yield from self._readable(offset, fact)

    def _timely(self, offset: int, at: datetime) -> Iterator[Finding]:
        if self._last_at is not None and at < self._last_at:
            yield self._finding("time", offset, f"{at} is before {self._last_at}")
        self._last_at = at

    def _count(self, item: Scanned) -> None:
        counts = self.counts
        match item.record:
            case Claim() if not item.counts:
                counts.stale_claims += 1
            case _ if not item.counts:
                counts.zombie_records += 1
            case Claim():
                counts.claims += 1
            case Release():
                counts.releases += 1
            case Barrier():
                counts.barriers += 1
            case Decision(facts=facts):
                counts.decisions += 1
                counts.events += len(facts)

    def _placed(self, offset: int, key: bytes | None, decision: Decision) -> Iterator[Finding]:
        if not decision.facts:
            yield self._finding("torn", offset, f"decision {decision.id} has no events")
        if key != decision.shard.encode():
            yield self._finding("misplaced", offset, f"shard {decision.shard} under key {key!r}")
        home = partition_number(decision.shard, self._partitions)
        if home != self._partition.number:
            yield self._finding(
                "misplaced", offset, f"shard {decision.shard} belongs to partition {home}"
            )

    def _asked_once(self, offset: int, decision: Decision) -> Iterator[Finding]:
        if decision.request is None:
            return
        while self._remembered and decision.at - self._remembered[0][0] > MEMORY:
            del self._requests[self._remembered.popleft()[1]]
        request = Request(decision.stream, decision.rpc, decision.actor, decision.request)
        if request in self._requests:
            earlier = self._requests[request]
            detail = f"request {decision.request} had its effect at offset {earlier} already"
            yield self._finding("repeated", offset, detail)
            return
        self._requests[request] = offset
        self._remembered.append((decision.at, request))

    def _follows(self, offset: int, fact: Fact) -> Iterator[Finding]:
        at = self._versions.get(fact.stream, 0)
        if fact.version > at + 1:
            detail = f"{fact.stream} goes from version {at} to {fact.version}"
            yield self._finding("gap", offset, detail)
        if fact.version <= at:
            detail = f"{fact.stream} is at version {at} and gets a second {fact.version}"
            yield self._finding("forked", offset, detail)
        self._versions[fact.stream] = max(at, fact.version)

    def _readable(self, offset: int, fact: Fact) -> Iterator[Finding]:
        try:
            event = codec.decode(fact, Blind())
        except UnknownEventType:
            yield self._finding("unknown", offset, f"{fact.type} is not in the catalog")
        except (DamagedRecord, KeyError) as error:
            yield self._finding("damaged", offset, f"{fact.type} in {fact.stream}: {error}")
        else:
            if stream_of(event) != fact.stream:
                detail = f"{fact.type} of {stream_of(event)} stands in {fact.stream}"
                yield self._finding("misplaced", offset, detail)

    def _finding(self, kind: str, offset: int, detail: str) -> Finding:
        return Finding(kind, str(self._partition), offset, detail)


class Request(Struct, frozen=True):
    """What must have one effect only: a request id in its scope."""

    stream: str
    rpc: str
    actor: UUID | None
    request: UUID
