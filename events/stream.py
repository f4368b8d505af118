"""Streams: the head that deciders see, and how accepted decisions move it.

A head is a stream's version, its folded state, and the requests that it remembers, so that a
repeated request finds its first answer, whoever owns the partition by then.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from events.event import Event
from events.record import Decision
from events.value import Value

REQUEST_WINDOW = timedelta(hours=24)
REQUEST_SKEW = timedelta(minutes=5)
MEMORY = REQUEST_WINDOW + 2 * REQUEST_SKEW
"""How long a request is remembered: past the time when its id is refused as too old."""

REMEMBERED_REQUESTS_MAX = 256


class Seen(Value, frozen=True, array_like=True):
    """A remembered request: its scope (actor and rpc), id, keyed body digest, and its record."""

    rpc: str
    actor: UUID | None
    request: UUID
    digest: bytes
    offset: int
    at: datetime


class Head(Value, frozen=True):
    """A stream up to `version` (0 = nothing recorded). `state` is the kind's frozen Struct."""

    state: Struct
    version: int = 0
    seen: tuple[Seen, ...] = ()


class Fold(Struct, frozen=True):
    """How one kind of stream folds: its initial state and its `evolve(state, event, at)`."""

    initial: Struct
    evolve: Callable[[Any, Any, datetime], Struct]


_encoder = msgspec.msgpack.Encoder()


class _Stored(Value, frozen=True, array_like=True):
    """A head as checkpoints keep it: the state stays raw, since the stream's kind types it."""

    version: int
    seen: tuple[Seen, ...]
    state: msgspec.Raw


def stored(head: Head) -> bytes:
    """The head as checkpoints keep it."""
    return _encoder.encode((head.version, head.seen, head.state))


class DamagedHead(ValueError):
    """The bytes are no head of the stream: damaged, or stored by something foreign."""


def restored(stream: str, value: bytes, folds: Mapping[str, Fold]) -> Head:
    """The head of `stream` from its stored form; raises `DamagedHead`."""
    kind = type(folds[kind_of(stream)].initial)
    try:
        parts = msgspec.msgpack.decode(value, type=_Stored)
        state = msgspec.msgpack.decode(parts.state, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedHead(f"The stored head of {stream} cannot be read: {error}") from error
    return Head(state, parts.version, parts.seen)


class VersionGap(RuntimeError):
    """An accepted event does not follow its stream's version: the log was forked or damaged."""


def remembered(head: Head, rpc: str, actor: UUID | None, request: UUID) -> Seen | None:
    """The earlier request of the same scope and id, if the stream remembers it."""
    for seen in head.seen:
        if seen.request == request and seen.rpc == rpc and seen.actor == actor:
            return seen
    return None


def moved(
    heads: Mapping[str, Head],
    decision: Decision,
    events: tuple[Event, ...],
    offset: int,
    folds: Mapping[str, Fold],
) -> dict[str, Head]:
    """The heads that an accepted decision at `offset` changes; raises `VersionGap`.

    `heads` holds every stream that the decision names; `folds` is by stream kind.
    """
    changed: dict[str, Head] = {}
    for fact, event in zip(decision.facts, events, strict=True):
        head = changed.get(fact.stream) or heads[fact.stream]
        if fact.version != head.version + 1:
            raise VersionGap(
                f"Stream {fact.stream} is at version {head.version}, "
                f"but offset {offset} records version {fact.version}."
            )
        state = folds[kind_of(fact.stream)].evolve(head.state, event, decision.at)
        changed[fact.stream] = Head(state, fact.version, head.seen)
    if decision.request is not None:
        home = changed.get(decision.stream) or heads[decision.stream]
        changed[decision.stream] = Head(home.state, home.version, _seen(home, decision, offset))
    return changed


def kind_of(stream: str) -> str:
    """The kind of a stream: what stands before its first dash, such as `tie`."""
    return stream.partition("-")[0]


def _seen(head: Head, decision: Decision, offset: int) -> tuple[Seen, ...]:
    assert decision.request is not None
    fresh = tuple(seen for seen in head.seen if decision.at - seen.at < MEMORY)
    entry = Seen(
        decision.rpc, decision.actor, decision.request, decision.digest, offset, decision.at
    )
    return (*fresh, entry)
