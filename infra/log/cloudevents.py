"""Events as CloudEvents 1.0 documents: what the log looks like from outside.

Attributes follow the specification with its extensions for distributed tracing (`traceparent`),
partitioning (`partitionkey`) and sequence (`sequence`, the decision's offset and the event's
place in it, which sorts as text). Offsets are text because its integers have 32 bits.
"""

from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from events import codec
from events.codec import Cipher, UnknownEventType
from events.event import type_of
from events.record import Decision, Fact
from events.topics import Partition

HIDDEN: Final = "(hidden)"
"""What a personal field shows as, unless it is asked for."""

_loose: Final = msgspec.msgpack.Decoder(dict[str, Any])


class CloudEvent(Struct, frozen=True, omit_defaults=True):
    """One event, in the JSON format of CloudEvents. `subject` is its stream."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str
    data: dict[str, Any]
    streamversion: int
    partitionkey: str
    sequence: str
    offset: str
    rpc: str
    actor: str = ""
    correlation: str = ""
    causation: str = ""
    traceparent: str = ""


def documents(
    partition: Partition, offset: int, decision: Decision, cipher: Cipher | None = None
) -> list[CloudEvent]:
    """The decision's events in order. Personal fields are hidden when there is no cipher.

    An event of a type that is not in the catalog shows its data as recorded. Raises
    `DamagedRecord` for data that is not of its type, KeyError when the cipher lacks a key.
    """
    return [
        _document(partition, offset, decision, index, cipher)
        for index in range(len(decision.facts))
    ]


def persons_of(decision: Decision) -> set[UUID]:
    """The accounts whose keys open the decision's personal fields."""
    return {person for fact in decision.facts if (person := codec.sealed_by(fact)) is not None}


def _document(
    partition: Partition, offset: int, decision: Decision, index: int, cipher: Cipher | None
) -> CloudEvent:
    fact = decision.facts[index]
    name, data = _data(fact, cipher)
    return CloudEvent(
        specversion="1.0",
        id=f"{decision.id}/{index}",
        source=f"/log/{partition.topic}/{partition.number}",
        type=name,
        subject=fact.stream,
        time=decision.at.isoformat().replace("+00:00", "Z"),
        datacontenttype="application/json",
        data=data,
        streamversion=fact.version,
        partitionkey=decision.shard,
        sequence=f"{offset:019d}.{index:06d}",
        offset=str(offset),
        rpc=decision.rpc,
        actor=str(decision.actor or ""),
        correlation=str(decision.correlation or ""),
        causation=decision.causation,
        traceparent=decision.traceparent,
    )


def _data(fact: Fact, cipher: Cipher | None) -> tuple[str, dict[str, Any]]:
    """The event's type and data as JSON has them; upcast if the type is an old one."""
    try:
        event = codec.decode(fact, cipher or codec.Blind())
    except UnknownEventType:
        return fact.type, msgspec.to_builtins(_loose.decode(fact.data))
    name = type_of(event)
    data: dict[str, Any] = msgspec.to_builtins(event)
    del data["type"]
    if cipher is None:
        data.update({field: HIDDEN for field in codec.PERSONAL_FIELDS[name] if field in data})
    return name, data
