"""Follows, follow requests, blocks and mutes, decided in the shard the edge points at.

Every command names a person, in whose shard it is decided, and one other person. A block counts
at once in the blocker's shard; `MirrorBlock` copies it into the other's, where the blocker's own
follow is decided. A person who blocks, or is blocked, is answered as if absent.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, assert_never, get_args
from uuid import UUID

from commands.submission import Command, Route
from events.accounts import Account, account_stream
from events.event import Event
from events.graph import (
    BlockLifted,
    BlockMirrored,
    BlockSet,
    FollowDeclined,
    FollowEnded,
    FollowEstablished,
    Following,
    FollowRequested,
    FollowWithdrawn,
    MuteLifted,
    MuteSet,
    Tie,
    following,
    tie_stream,
)
from events.topics import PEOPLE
from schemas.refusals import Conflict, Invalid, NotFound


class EdgeCommand(Command, frozen=True, kw_only=True):
    """What concerns the follow of `target_id` by `follower_id`; the target's shard decides it."""

    target_id: UUID
    follower_id: UUID


class Follow(EdgeCommand, frozen=True, kw_only=True, tag="graph.follow"):
    """Follows a public person, asks a private one."""


class CheckRequest(EdgeCommand, frozen=True, kw_only=True, tag="graph.check_request"):
    """Asks whether the request is pending: records nothing, refuses if it is not."""


class CancelRequest(EdgeCommand, frozen=True, kw_only=True, tag="graph.cancel_request"):
    """The follower takes the request back."""


class Unfollow(EdgeCommand, frozen=True, kw_only=True, tag="graph.unfollow"):
    """The follower ends the follow, or the request if it is not answered yet."""


class AcceptRequest(EdgeCommand, frozen=True, kw_only=True, tag="graph.accept_request"):
    """The target accepts the request."""


class DeclineRequest(EdgeCommand, frozen=True, kw_only=True, tag="graph.decline_request"):
    """The target declines the request."""


class RemoveFollower(EdgeCommand, frozen=True, kw_only=True, tag="graph.remove_follower"):
    """The target ends the follow."""


class Block(Command, frozen=True, kw_only=True, tag="graph.block"):
    """Blocks a person, whose follow or request ends with it."""

    blocker_id: UUID
    blocked_id: UUID


class Unblock(Command, frozen=True, kw_only=True, tag="graph.unblock"):
    """Lifts the block; follows do not come back."""

    blocker_id: UUID
    blocked_id: UUID


class MirrorBlock(Command, frozen=True, kw_only=True, tag="graph.mirror_block"):
    """Copies the other's block into the shard of `person_id`, where the blocker's follow ends.

    `source_version` is the version of the block's fact in its own stream: an older mirror that
    arrives late changes nothing.
    """

    person_id: UUID
    blocker_id: UUID
    blocked: bool
    source_version: int


class Mute(Command, frozen=True, kw_only=True, tag="graph.mute"):
    """Leaves a person out for the muter."""

    muter_id: UUID
    muted_id: UUID


class Unmute(Command, frozen=True, kw_only=True, tag="graph.unmute"):
    """Lifts the mute."""

    muter_id: UUID
    muted_id: UUID


FollowCommand = (
    Follow
    | CheckRequest
    | CancelRequest
    | Unfollow
    | AcceptRequest
    | DeclineRequest
    | RemoveFollower
)
GraphCommand = FollowCommand | Block | Unblock | MirrorBlock | Mute | Unmute


def decide(states: Sequence[Any], command: GraphCommand, at: datetime) -> list[Event]:
    """What the command records; raises a Refusal."""
    tie: Tie = states[0]
    account: Account = states[1]
    person, other = pair_of(command)
    if person == other:
        raise Invalid("NOT_ONESELF", "You cannot do this to yourself.")
    match command:
        case Follow():
            return _follow(account, tie, command)
        case Block() if tie.blocks:
            return []
        case Block():
            block = BlockSet(blocker_id=person, blocked_id=other)
            return [block, *_ended(account, tie, person, other, by=person)]
        case Unblock():
            return [BlockLifted(blocker_id=person, blocked_id=other)] if tie.blocks else []
        case MirrorBlock():
            return _mirror(account, tie, command)
        case Mute():
            return [] if tie.mutes else [MuteSet(muter_id=person, muted_id=other)]
        case Unmute():
            return [MuteLifted(muter_id=person, muted_id=other)] if tie.mutes else []
        case Unfollow():
            return _ended(account, tie, person, other, by=other)
        case _:
            return _answer(following(account, tie), command)


def _follow(account: Account, tie: Tie, command: Follow) -> list[Event]:
    if not account.registered or tie.blocks or tie.blocked_by:
        raise NotFound("NOT_FOUND", "There is no such person.")
    if following(account, tie) is not Following.NONE:
        return []
    target, follower = command.target_id, command.follower_id
    if account.private:
        opening = account.openings
        return [FollowRequested(target_id=target, follower_id=follower, opening=opening)]
    return [FollowEstablished(target_id=target, follower_id=follower)]


def _answer(
    state: Following,
    command: CheckRequest | CancelRequest | AcceptRequest | DeclineRequest | RemoveFollower,
) -> list[Event]:
    """What becomes of a request or a follow when one of the two has spoken."""
    target, follower = command.target_id, command.follower_id
    match command, state:
        case CheckRequest(), Following.REQUESTED:
            return []
        case CancelRequest(), Following.REQUESTED:
            return [FollowWithdrawn(target_id=target, follower_id=follower)]
        case AcceptRequest(), Following.REQUESTED:
            return [FollowEstablished(target_id=target, follower_id=follower)]
        case DeclineRequest(), Following.REQUESTED:
            return [FollowDeclined(target_id=target, follower_id=follower)]
        case RemoveFollower(), Following.ESTABLISHED:
            return [FollowEnded(target_id=target, follower_id=follower, ended_by=target)]
        case AcceptRequest(), Following.ESTABLISHED:
            return []
        case (CancelRequest() | DeclineRequest(), Following.NONE) | (RemoveFollower(), _):
            return []
        case _:
            raise Conflict("REQUEST_NOT_PENDING", "No follow request is pending.")


def _ended(account: Account, tie: Tie, target: UUID, follower: UUID, by: UUID) -> list[Event]:
    """The end of whatever there is of the follow, in the words that fit who ended it."""
    match following(account, tie):
        case Following.NONE:
            return []
        case Following.ESTABLISHED:
            return [FollowEnded(target_id=target, follower_id=follower, ended_by=by)]
        case Following.REQUESTED if by == follower:
            return [FollowWithdrawn(target_id=target, follower_id=follower)]
        case Following.REQUESTED:
            return [FollowDeclined(target_id=target, follower_id=follower)]
        case unknown:
            assert_never(unknown)


def _mirror(account: Account, tie: Tie, command: MirrorBlock) -> list[Event]:
    if command.source_version <= tie.mirrored_version:
        return []
    person, blocker = command.person_id, command.blocker_id
    mirrored = BlockMirrored(
        person_id=person,
        blocker_id=blocker,
        blocked=command.blocked,
        source_version=command.source_version,
    )
    ended = _ended(account, tie, person, blocker, by=blocker) if command.blocked else []
    return [mirrored, *ended]


def pair_of(command: GraphCommand) -> tuple[UUID, UUID]:
    """The person in whose shard the command is decided, and the other one."""
    match command:
        case Block(blocker_id=person, blocked_id=other):
            return person, other
        case Unblock(blocker_id=person, blocked_id=other):
            return person, other
        case MirrorBlock(person_id=person, blocker_id=other):
            return person, other
        case Mute(muter_id=person, muted_id=other):
            return person, other
        case Unmute(muter_id=person, muted_id=other):
            return person, other
        case _:
            return command.target_id, command.follower_id


def shard_of(command: GraphCommand) -> str:
    """The shard of the person that the command is decided for."""
    return str(pair_of(command)[0])


def streams_of(command: GraphCommand) -> tuple[str, ...]:
    """What the person knows of the other, then the person's account."""
    person, other = pair_of(command)
    return tie_stream(person, other), account_stream(person)


ROUTE = Route(PEOPLE, get_args(GraphCommand), shard_of, streams_of, decide)
