"""One submission judged against heads in memory: pure, so the simulator and tests can trust it.

The ruling either carries a decision (events to append) or an answer without events: a refusal,
a repeat of an earlier request, or nothing to do. An answer without events is only as good as
the head it was judged on, so the owner lets it wait for an append (`commands.writer.owner`).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from commands.submission import Routed, Submission
from events import codec, record
from events.catalog import FOLDS, stream_of
from events.codec import Cipher
from events.event import Event
from events.record import Decision
from events.stream import (
    MEMORY,
    REMEMBERED_REQUESTS_MAX,
    REQUEST_SKEW,
    REQUEST_WINDOW,
    Head,
    Seen,
    moved,
    remembered,
    stored,
)
from infra.crypto.uuid7 import request_time
from schemas.refusals import Conflict, Invalid, Refusal, TooMany, Unavailable

CHECK_AGE_MAX = timedelta(seconds=5)
_encoder = msgspec.msgpack.Encoder()

EPOCH_START = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Limits(Struct, frozen=True):
    """The largest record, and the largest stored head, in bytes."""

    decision_bytes: int = 256 << 10
    state_bytes: int = 64 << 10


class Terms(Struct, frozen=True):
    """What an owner judges by: its epoch, its cipher and digest, its limits."""

    epoch: UUID
    cipher: Cipher
    digest: Callable[[bytes], bytes]
    draw: Callable[[], UUID]
    limits: Limits = Limits()


class Ruling(Struct, frozen=True):
    """What becomes of one submission.

    With events: `decision`, its encoded `value`, and the heads it moves. Without: a `refusal`,
    a `repeat` of the remembered request, or neither, which means that there is nothing to do.
    """

    at: datetime
    events: tuple[Event, ...] = ()
    decision: Decision | None = None
    value: bytes = b""
    heads: Mapping[str, Head] = {}
    refusal: Refusal | None = None
    repeat: Seen | None = None


def rule(
    terms: Terms,
    asked: Routed,
    heads: Mapping[str, Head],
    at: datetime,
    offset: int,
    now: datetime | None = None,
) -> Ruling:
    """The ruling on `asked` at the time `at`, to stand at `offset` if it has events.

    `now` is what the owner's clock shows, which may be less: `at` is never below the partition's
    last time, and an owner whose clock was ahead may have left that in the future.

    `heads` holds at least the streams asked about. Anything but a Refusal that the decider raises
    is a bug and passes through.
    """
    submission = asked.submission
    digest = _digest(terms, submission)
    try:
        repeat = _repeat(heads[asked.streams[0]], submission, digest, at)
        if repeat is not None:
            return Ruling(at, repeat=repeat)
        _check_age(submission, at if now is None else now)
        states = [heads[stream].state for stream in asked.streams]
        events = tuple(asked.route.decide(states, submission.command, at))
        if not events:
            return Ruling(at)
        return _decided(terms, asked, heads, events, digest, at, offset)
    except Refusal as refusal:
        return Ruling(at, refusal=refusal)


def _digest(terms: Terms, submission: Submission) -> bytes:
    """What a repeat is known by; nothing where there is no request to repeat."""
    if submission.request is None:
        return b""
    return terms.digest(submission.body or _encoder.encode(submission.command))


def _repeat(home: Head, submission: Submission, digest: bytes, at: datetime) -> Seen | None:
    """The remembered request, if this is one; refuses ids out of the window or used otherwise."""
    if submission.request is None:
        return None
    drawn = request_time(submission.request)
    if drawn > at + REQUEST_SKEW:
        raise Invalid("REQUEST_ID_IN_FUTURE", "The request id is from the future; set your clock.")
    if drawn < at - REQUEST_WINDOW:
        raise Invalid("REQUEST_ID_TOO_OLD", "The request id is older than 24 hours.")
    seen = remembered(home, submission.rpc, submission.actor, submission.request)
    if seen is not None and seen.digest != digest:
        raise Conflict("REQUEST_ID_REUSED", "This request id was used with a different body.")
    if seen is None and _crowded(home, at):
        raise TooMany("TOO_MANY_REQUESTS", "Too many changes to the same thing in a day.")
    return seen


def _crowded(home: Head, at: datetime) -> bool:
    """Whether the head still remembers so many requests that one more would not fit."""
    if len(home.seen) < REMEMBERED_REQUESTS_MAX:
        return False
    return sum(at - seen.at < MEMORY for seen in home.seen) >= REMEMBERED_REQUESTS_MAX


def _check_age(submission: Submission, now: datetime) -> None:
    if submission.checked_at is not None and now - submission.checked_at > CHECK_AGE_MAX:
        raise Unavailable("CHECK_TOO_OLD", "The permission was checked too long ago.")


def _decided(
    terms: Terms,
    asked: Routed,
    heads: Mapping[str, Head],
    events: tuple[Event, ...],
    digest: bytes,
    at: datetime,
    offset: int,
) -> Ruling:
    submission = asked.submission
    decision = Decision(
        id=terms.draw(),
        epoch=terms.epoch,
        shard=asked.shard,
        stream=asked.streams[0],
        rpc=submission.rpc,
        at=at,
        facts=tuple(_facts(terms.cipher, heads, events)),
        actor=submission.actor,
        request=submission.request,
        digest=digest,
        correlation=submission.correlation,
        causation=submission.causation,
        traceparent=submission.traceparent,
        after=submission.after,
    )
    value = record.encode(decision)
    if len(value) > terms.limits.decision_bytes:
        raise TooMany("DECISION_TOO_LARGE", "The command would change too much at once.")
    changed = moved(heads, decision, events, offset, FOLDS)
    if any(len(stored(head)) > terms.limits.state_bytes for head in changed.values()):
        raise TooMany("STATE_TOO_LARGE", "The command would make one state too large.")
    return Ruling(at, events, decision, value, changed)


def _facts(cipher: Cipher, heads: Mapping[str, Head], events: Sequence[Event]) -> list[record.Fact]:
    versions: dict[str, int] = {}
    facts = []
    for event in events:
        stream = stream_of(event)
        version = versions.get(stream, heads[stream].version) + 1
        versions[stream] = version
        facts.append(codec.encode(event, stream, version, cipher))
    return facts
