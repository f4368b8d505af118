"""What one record of the log holds: a decision, or a control record of the partition's writers.

A record is the unit of atomicity (docs/adr/0002-one-record-one-decision.md): its events become
visible together or not at all. On the wire a record is one msgpack map whose `kind` names the
type; the event payloads inside stay raw until a reader wants them.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Raw

from events.value import Value


class Fact(Value, frozen=True):
    """One event as recorded: its catalog type, its stream, its version there (1..n), its data."""

    type: str
    stream: str
    version: int
    data: Raw


class Decision(Value, frozen=True, tag_field="kind", tag="decision", omit_defaults=True):
    """One command's outcome: 1..n events of one shard, written by the holder of `epoch`.

    `stream` is the command's home stream, the one that remembers `request` and its keyed body
    `digest`. `after` is the author's position, as `{"people-3": offset}`.
    """

    id: UUID
    epoch: UUID
    shard: str
    stream: str
    rpc: str
    at: datetime
    facts: tuple[Fact, ...]
    actor: UUID | None = None
    request: UUID | None = None
    digest: bytes = b""
    correlation: UUID | None = None
    causation: str = ""
    traceparent: str = ""
    after: Mapping[str, int] = {}


class Claim(Value, frozen=True, tag_field="kind", tag="claim", omit_defaults=True):
    """A writer asks for the partition; `id` becomes the epoch iff `previous` is current."""

    id: UUID
    previous: UUID | None
    owner: str
    endpoint: str
    at: datetime


class Release(Value, frozen=True, tag_field="kind", tag="release", omit_defaults=True):
    """The owner lays its epoch down: nothing after this counts until the next valid claim."""

    id: UUID
    epoch: UUID
    at: datetime


class Barrier(Value, frozen=True, tag_field="kind", tag="barrier", omit_defaults=True):
    """The owner shows that it still owns, so that answers without events may be given."""

    id: UUID
    epoch: UUID
    at: datetime


Record = Decision | Claim | Release | Barrier

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)


_DECISION_MARK = _encoder.encode("kind") + _encoder.encode("decision")


class DamagedRecord(ValueError):
    """The bytes are no record of this log: damaged, or written by something foreign."""


def encode(record: Record) -> bytes:
    """The record's bytes, as the value of one Kafka record."""
    return _encoder.encode(record)


def decode(value: bytes | None) -> Record:
    """The record in `value`; raises `DamagedRecord` with the reason."""
    if value is None:
        raise DamagedRecord("The record has no value.")
    try:
        return _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedRecord(str(error)) from error


def concerns_tenure(value: bytes | None) -> bool:
    """Whether the record could change who owns the partition: anything but a plain decision.

    Looks at the first bytes only, so that those who follow ownership need not decode every
    decision. May say True for a decision, never False for anything else.
    """
    return value is not None and value[1 : 1 + len(_DECISION_MARK)] != _DECISION_MARK
