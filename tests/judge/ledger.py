"""The log read by hand: which records count, by the accept rule written anew."""

import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from msgspec import Struct

from tests.judge.evidence import Evidence
from tests.judge.findings import Finding
from tests.judge.seals import Texts

SEALED: Final[Mapping[str, tuple[str, ...]]] = {
    "account.registered": (*("email", "first_name", "last_name", "birth_date", "handle", "about"),),
    "account.profile_updated": ("first_name", "last_name", "birth_date", "about"),
    "account.handle_changed": ("handle",),
    "session.opened": ("device", "address"),
    "post.published": ("body",),
    "post.edited": ("body",),
    "comment.published": ("body",),
    "comment.edited": ("body",),
}
"""The fields of each type that are sealed under their author's key."""


class Fact(Struct, frozen=True):
    """One event, its texts in clear."""

    type: str
    stream: str
    version: int
    data: dict[str, Any]


class Decision(Struct, frozen=True, kw_only=True):
    """A decision that counts, and where it stands."""

    partition: str
    offset: int
    shard: str
    rpc: str
    at: datetime
    facts: tuple[Fact, ...]
    actor: str | None = None
    request: str | None = None
    after: Mapping[str, int] = {}

    def __str__(self) -> str:
        types = ", ".join(fact.type for fact in self.facts)
        return f"{self.rpc} at {self.partition}/{self.offset} ({types})"


class Ledger:
    """Everything that counts, by partition and by request.

    `findings` are the breaches that reading it brought up.
    """

    def __init__(self, evidence: Evidence) -> None:
        self.decisions: dict[str, list[Decision]] = {}
        self.by_request: dict[str, Decision] = {}
        self.ends = {partition: len(records) for partition, records in evidence.log.items()}
        self.discarded = 0
        self.takeovers = 0
        self.findings: list[Finding] = []
        self._texts = Texts(evidence.master_key, evidence.keys)
        self.planted = set(evidence.planted)
        self._counts = _partition_counts(evidence.log)
        self._epochs: set[str] = set()
        self._versions: defaultdict[str, int] = defaultdict(int)
        self._homes: dict[str, str] = {}
        for partition, records in sorted(evidence.log.items()):
            self.decisions[partition] = list(self._read(partition, records))

    def __iter__(self) -> Iterator[Decision]:
        """Every decision that counts, partition by partition."""
        for decisions in self.decisions.values():
            yield from decisions

    def _read(
        self, partition: str, records: Sequence[tuple[bytes, bytes | None]]
    ) -> Iterator[Decision]:
        epoch: str | None = None
        held = False
        latest: datetime | None = None
        for offset, (key, value) in enumerate(records):
            record = self._record(partition, offset, value)
            match record.get("kind"):
                case "claim" if record.get("previous") == epoch:
                    self._claimed(partition, offset, record["id"])
                    epoch, held = record["id"], True
                case "release" if held and record["epoch"] == epoch:
                    held = False
                case "decision" if held and record["epoch"] == epoch:
                    if (partition, offset) not in self.planted:
                        if latest is not None and record["at"] < latest:
                            self._found("owners", f"{partition}/{offset} is older than before")
                        latest = record["at"]
                    yield self._counted(partition, offset, key, record)
                case "decision":
                    self.discarded += 1

    def _record(self, partition: str, offset: int, value: bytes | None) -> dict[str, Any]:
        try:
            record = msgspec.msgpack.decode(value or b"")
        except msgspec.DecodeError:
            record = None
        if isinstance(record, dict) and "kind" in record:
            return record
        if (partition, offset) not in self.planted:
            self._found("dense", f"{partition}/{offset} is no record")
        return {}

    def _claimed(self, partition: str, offset: int, epoch: str) -> None:
        self.takeovers += 1
        if epoch in self._epochs:
            self._found("owners", f"{partition}/{offset} claims epoch {epoch} once more")
        self._epochs.add(epoch)

    def _counted(
        self, partition: str, offset: int, key: bytes, record: Mapping[str, Any]
    ) -> Decision:
        decision = Decision(
            partition=partition,
            offset=offset,
            shard=record["shard"],
            rpc=record["rpc"],
            at=record["at"],
            facts=tuple(self._fact(fact) for fact in record["facts"]),
            actor=record.get("actor"),
            request=record.get("request"),
            after=record.get("after", {}),
        )
        self._check_place(decision, key)
        self._check_versions(decision)
        if decision.request is not None:
            first = self.by_request.setdefault(decision.request, decision)
            if first is not decision:
                self._found("once", f"request {decision.request}: {first}, and {decision}")
        return decision

    def _fact(self, recorded: Mapping[str, Any]) -> Fact:
        kind, data = recorded["type"], dict(recorded["data"])
        for field in SEALED.get(kind, ()):
            if field in data:
                person = data.get("author_id") or data["account_id"]
                try:
                    data[field] = self._texts.open(person, kind, field, data[field])
                except (KeyError, ValueError, InvalidTag) as problem:
                    self._found("durable", f"{kind}.{field} of {person} does not open: {problem}")
        return Fact(kind, recorded["stream"], recorded["version"], data)

    def _check_place(self, decision: Decision, key: bytes) -> None:
        topic, _, number = decision.partition.rpartition("-")
        if key.decode() != decision.shard:
            self._found("placed", f"{decision} has the key {key!r}")
        if zlib.crc32(key) % self._counts[topic] != int(number):
            self._found("placed", f"{decision} is in a partition that is not its shard's")
        for fact in decision.facts:
            home = self._homes.setdefault(fact.stream, decision.shard)
            if home != decision.shard:
                self._found("placed", f"{decision} writes {fact.stream} of {home}")

    def _check_versions(self, decision: Decision) -> None:
        if not decision.facts:
            self._found("versions", f"{decision} has no events")
        for fact in decision.facts:
            known = self._versions[fact.stream]
            if fact.version != known + 1:
                self._found("versions", f"{decision}: {fact.stream} {known} -> {fact.version}")
            self._versions[fact.stream] = fact.version

    def _found(self, law: str, text: str) -> None:
        self.findings.append(Finding(law, text))


def partition_of(shard: str, topic: str, counts: Mapping[str, int]) -> str:
    """The partition of a shard of the topic."""
    return f"{topic}-{zlib.crc32(shard.encode()) % counts[topic]}"


def _partition_counts(partitions: Mapping[str, object]) -> Mapping[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for partition in partitions:
        counts[partition.rpartition("-")[0]] += 1
    return counts
