"""Follows, requests, blocks and mutes: what one person's shard knows about another person.

One stream `tie-{person}-{other}` in the shard of `person` holds all of it: whether the other
follows the person (edges live with the person they point at), whether the person blocks or
mutes the other, and a mirror of the other's block, which lives in the other's shard and is
copied here by a reaction (`commands.reactions`) so that follows can be decided in one place.
"""

from datetime import datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from msgspec.structs import replace

from events.accounts import Account
from events.event import Event
from events.value import Value


class FollowRequested(Event, frozen=True, kw_only=True, tag="follow.requested"):
    target_id: UUID
    follower_id: UUID
    opening: int


class FollowEstablished(Event, frozen=True, kw_only=True, tag="follow.established"):
    target_id: UUID
    follower_id: UUID


class FollowDeclined(Event, frozen=True, kw_only=True, tag="follow.declined"):
    target_id: UUID
    follower_id: UUID


class FollowWithdrawn(Event, frozen=True, kw_only=True, tag="follow.withdrawn"):
    target_id: UUID
    follower_id: UUID


class FollowEnded(Event, frozen=True, kw_only=True, tag="follow.ended"):
    target_id: UUID
    follower_id: UUID
    ended_by: UUID


class BlockSet(Event, frozen=True, kw_only=True, tag="block.set"):
    blocker_id: UUID
    blocked_id: UUID


class BlockLifted(Event, frozen=True, kw_only=True, tag="block.lifted"):
    blocker_id: UUID
    blocked_id: UUID


class BlockMirrored(Event, frozen=True, kw_only=True, tag="block.mirrored"):
    """The other's block as this shard has learnt it, at the version of the other's tie stream."""

    person_id: UUID
    blocker_id: UUID
    blocked: bool
    source_version: int


class MuteSet(Event, frozen=True, kw_only=True, tag="mute.set"):
    muter_id: UUID
    muted_id: UUID


class MuteLifted(Event, frozen=True, kw_only=True, tag="mute.lifted"):
    muter_id: UUID
    muted_id: UUID


GraphEvent = (
    FollowRequested
    | FollowEstablished
    | FollowDeclined
    | FollowWithdrawn
    | FollowEnded
    | BlockSet
    | BlockLifted
    | BlockMirrored
    | MuteSet
    | MuteLifted
)


class Following(StrEnum):
    """How far one person follows another."""

    NONE = "none"
    REQUESTED = "requested"
    ESTABLISHED = "established"


class Tie(Value, frozen=True):
    """What a person's shard knows about one other person.

    `follow` is the other's follow of the person as recorded; ask `following` for what it means
    today. `opening` is the person's count of openings when the other asked.
    """

    follow: Following = Following.NONE
    opening: int = 0
    blocks: bool = False
    mutes: bool = False
    blocked_by: bool = False
    mirrored_version: int = 0


def following(account: Account, tie: Tie) -> Following:
    """The other's follow of the person today: going public accepted every earlier request."""
    if tie.follow is Following.REQUESTED and account.openings > tie.opening:
        return Following.ESTABLISHED
    return tie.follow


def tie_stream(person: UUID, other: UUID) -> str:
    """The stream, in the shard of `person`, about `other`."""
    return f"tie-{person}-{other}"


def stream_of(event: GraphEvent) -> str:
    """The stream that records the event."""
    match event:
        case BlockSet(blocker_id=person, blocked_id=other):
            return tie_stream(person, other)
        case BlockLifted(blocker_id=person, blocked_id=other):
            return tie_stream(person, other)
        case BlockMirrored(person_id=person, blocker_id=other):
            return tie_stream(person, other)
        case MuteSet(muter_id=person, muted_id=other):
            return tie_stream(person, other)
        case MuteLifted(muter_id=person, muted_id=other):
            return tie_stream(person, other)
        case _:
            return tie_stream(event.target_id, event.follower_id)


def evolve(state: Tie, event: GraphEvent, at: datetime) -> Tie:
    """The tie after `event`."""
    match event:
        case FollowRequested(opening=opening):
            return replace(state, follow=Following.REQUESTED, opening=opening)
        case FollowEstablished():
            return replace(state, follow=Following.ESTABLISHED)
        case FollowDeclined() | FollowWithdrawn() | FollowEnded():
            return replace(state, follow=Following.NONE)
        case BlockSet():
            return replace(state, blocks=True)
        case BlockLifted():
            return replace(state, blocks=False)
        case BlockMirrored(blocked=blocked, source_version=version):
            return replace(state, blocked_by=blocked, mirrored_version=version)
        case MuteSet():
            return replace(state, mutes=True)
        case MuteLifted():
            return replace(state, mutes=False)
        case unknown:
            assert_never(unknown)
