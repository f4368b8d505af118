"""Who may use a name: at most one claim to it is alive at any point in the log.

A claim dies in one of two ways, both recorded in the claimant's own stream before the name
passes on: the claimant gives it up (`accounts.AbandonClaim`), or moves to another name. So an
expired claim is not free. It only names whom to challenge: the refusal `NAME_CLAIM_EXPIRED`
carries the claimant and the claim, the challenger has the claimant's stream abandon it, and
claims again `instead_of` it (docs/adr/0001-log-fenced-writer.md).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, assert_never
from uuid import UUID

from commands.submission import Command, Route
from events.event import Event
from events.names import Name, NameClaimed, NameReleased, name_stream
from events.topics import NAMES
from schemas.refusals import Conflict

CLAIM_EXPIRES_AFTER = timedelta(minutes=1)
"""How long a claim may stay unused before others may challenge it."""


class ClaimName(Command, frozen=True, kw_only=True, tag="names.claim"):
    """Asks for a name. `instead_of` is the claim that its claimant has just abandoned."""

    name: str
    claimant_id: UUID
    claim_id: UUID
    instead_of: UUID | None = None


class ReleaseName(Command, frozen=True, kw_only=True, tag="names.release"):
    """Lets a name go whose claim is dead; others may have it from `free_at` on, None is now."""

    name: str
    claim_id: UUID
    free_at: datetime | None = None


NameCommand = ClaimName | ReleaseName


def decide(states: Sequence[Any], command: NameCommand, at: datetime) -> list[Event]:
    """What the command records; raises Conflict with the reason why a name is not to be had."""
    name: Name = states[0]
    match command:
        case ClaimName():
            return _claim(name, command, at)
        case ReleaseName(claim_id=claim):
            if name.claim_id != claim or name.free_at is not None:
                return []
            free_at = at if command.free_at is None else command.free_at
            return [NameReleased(name=command.name, claim_id=claim, free_at=free_at)]
        case unknown:
            assert_never(unknown)


def _claim(name: Name, command: ClaimName, at: datetime) -> list[Event]:
    if name.claim_id == command.claim_id:
        if name.free_at is None:
            return []
        raise Conflict("NAME_CLAIM_SPENT", "This claim was released; claim the name again.")
    if not _to_be_had(name, command, at):
        raise Conflict("NAME_TAKEN", "This name is taken.")
    return [
        NameClaimed(
            name=command.name,
            claimant_id=command.claimant_id,
            claim_id=command.claim_id,
            expires_at=at + CLAIM_EXPIRES_AFTER,
        )
    ]


def _to_be_had(name: Name, command: ClaimName, at: datetime) -> bool:
    """Whether no claim of the name is alive; raises NAME_CLAIM_EXPIRED if one may be dead."""
    if name.claim_id is None or name.claim_id == command.instead_of:
        return True
    own = name.claimant_id == command.claimant_id
    if name.free_at is not None:
        return own or name.free_at <= at
    if own or (name.expires_at is not None and name.expires_at <= at):
        raise Conflict(
            "NAME_CLAIM_EXPIRED",
            "The name is claimed, but the claim may be abandoned.",
            {"claimant_id": str(name.claimant_id), "claim_id": str(name.claim_id)},
        )
    return False


def shard_of(command: NameCommand) -> str:
    """The shard of a name is the name."""
    return command.name


def streams_of(command: NameCommand) -> tuple[str, ...]:
    """The stream of the name."""
    return (name_stream(command.name),)


ROUTE = Route(NAMES, (ClaimName, ReleaseName), shard_of, streams_of, decide)
