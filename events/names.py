"""Names that only one account may hold: e-mail addresses and handles.

A name lives in its own shard of `names`, keyed by its keyed hash, and is claimed there before
the account uses it. An expired claim is not free: it only permits a challenge, which asks the
claimant's stream to give the claim up for good (docs/adr/0001-log-fenced-writer.md explains why
time alone decides nothing).
"""

from datetime import datetime
from typing import assert_never
from uuid import UUID

from msgspec.structs import replace

from events.event import Event
from events.value import Value


class NameClaimed(Event, frozen=True, kw_only=True, tag="name.claimed"):
    """`name` is `email:` or `handle:` and the keyed hash; `claim_id` is one try to use it."""

    name: str
    claimant_id: UUID
    claim_id: UUID
    expires_at: datetime


class NameReleased(Event, frozen=True, kw_only=True, tag="name.released"):
    """The holder gave the name up; others may claim it from `free_at` on."""

    name: str
    claim_id: UUID
    free_at: datetime


NameEvent = NameClaimed | NameReleased


class Name(Value, frozen=True):
    """Who claims a name. `free_at` is set once the claim was released."""

    claimant_id: UUID | None = None
    claim_id: UUID | None = None
    expires_at: datetime | None = None
    free_at: datetime | None = None


def name_stream(name: str) -> str:
    """The stream of a name such as `handle:{hash}`."""
    return f"name-{name}"


def stream_of(event: NameEvent) -> str:
    """The stream that records the event."""
    return name_stream(event.name)


def evolve(state: Name, event: NameEvent, at: datetime) -> Name:
    """The name after `event`."""
    match event:
        case NameClaimed(claimant_id=claimant, claim_id=claim, expires_at=expires):
            return Name(claimant, claim, expires)
        case NameReleased(free_at=free_at):
            return replace(state, free_at=free_at)
        case unknown:
            assert_never(unknown)
