"""Who follows, asks, blocks and mutes whom."""

from uuid import UUID

import pytest

from commands.deciders.graph import (
    AcceptRequest,
    Block,
    CancelRequest,
    CheckRequest,
    DeclineRequest,
    Follow,
    GraphCommand,
    MirrorBlock,
    Mute,
    RemoveFollower,
    Unblock,
    Unfollow,
    Unmute,
)
from events.accounts import VisibilityChanged
from events.graph import (
    BlockLifted,
    BlockMirrored,
    BlockSet,
    FollowDeclined,
    FollowEnded,
    FollowEstablished,
    FollowRequested,
    FollowWithdrawn,
    MuteLifted,
    MuteSet,
)
from schemas.refusals import Conflict, Invalid, NotFound
from tests.commands.cast import ANA, BEN, registered
from tests.commands.given import given

ana = registered(ANA)
private_ana = registered(ANA, private=True)
went_public = VisibilityChanged(account_id=ANA, private=False)
went_private = VisibilityChanged(account_id=ANA, private=True)

follow = Follow(target_id=ANA, follower_id=BEN)
cancel = CancelRequest(target_id=ANA, follower_id=BEN)
unfollow = Unfollow(target_id=ANA, follower_id=BEN)
accept = AcceptRequest(target_id=ANA, follower_id=BEN)
decline = DeclineRequest(target_id=ANA, follower_id=BEN)
remove = RemoveFollower(target_id=ANA, follower_id=BEN)
check = CheckRequest(target_id=ANA, follower_id=BEN)
block = Block(blocker_id=ANA, blocked_id=BEN)

established = FollowEstablished(target_id=ANA, follower_id=BEN)
withdrawn = FollowWithdrawn(target_id=ANA, follower_id=BEN)
declined = FollowDeclined(target_id=ANA, follower_id=BEN)
blocked = BlockSet(blocker_id=ANA, blocked_id=BEN)


def requested(opening: int = 0) -> FollowRequested:
    return FollowRequested(target_id=ANA, follower_id=BEN, opening=opening)


def ended(by: UUID) -> FollowEnded:
    return FollowEnded(target_id=ANA, follower_id=BEN, ended_by=by)


def mirrored(version: int, *, by_ben: bool) -> BlockMirrored:
    return BlockMirrored(person_id=ANA, blocker_id=BEN, blocked=by_ben, source_version=version)


def mirror(version: int, *, by_ben: bool) -> MirrorBlock:
    return MirrorBlock(person_id=ANA, blocker_id=BEN, blocked=by_ben, source_version=version)


def test_a_public_person_is_followed_and_a_private_one_asked() -> None:
    given(ana).when(follow).then(established)
    given(private_ana).when(follow).then(requested())


def test_whoever_is_blocked_either_way_is_answered_as_if_the_person_were_absent() -> None:
    absent = given().when(follow).refuses(NotFound, "NOT_FOUND")
    by_ana = given(ana, blocked).when(follow).refuses(NotFound, "NOT_FOUND")
    by_ben = given(ana, mirrored(1, by_ben=True)).when(follow).refuses(NotFound, "NOT_FOUND")
    assert str(absent) == str(by_ana) == str(by_ben)
    assert absent.fields == by_ana.fields == by_ben.fields


def test_a_lifted_block_no_longer_hides() -> None:
    lifted = BlockLifted(blocker_id=ANA, blocked_id=BEN)
    history = given(ana, blocked, lifted, mirrored(1, by_ben=True), mirrored(3, by_ben=False))
    history.when(follow).then(established)


@pytest.mark.parametrize(
    "command",
    [
        Follow(target_id=ANA, follower_id=ANA),
        Block(blocker_id=ANA, blocked_id=ANA),
        Mute(muter_id=ANA, muted_id=ANA),
    ],
)
def test_nobody_does_this_to_themselves(command: GraphCommand) -> None:
    given(ana).when(command).refuses(Invalid, "NOT_ONESELF")


def test_a_pending_request_is_accepted_declined_or_withdrawn() -> None:
    history = given(private_ana, requested())
    history.when(check).then()
    history.when(accept).then(established)
    history.when(decline).then(declined)
    history.when(cancel).then(withdrawn)
    history.when(unfollow).then(withdrawn)
    history.when(remove).then()


def test_only_a_pending_request_can_be_accepted() -> None:
    for history in (given(private_ana), given(private_ana, requested(), withdrawn)):
        history.when(accept).refuses(Conflict, "REQUEST_NOT_PENDING")
        history.when(check).refuses(Conflict, "REQUEST_NOT_PENDING")


def test_an_accepted_request_is_too_late_to_decline_or_withdraw() -> None:
    history = given(private_ana, requested(), established)
    history.when(decline).refuses(Conflict, "REQUEST_NOT_PENDING")
    history.when(cancel).refuses(Conflict, "REQUEST_NOT_PENDING")
    history.when(accept).then()


def test_a_follow_is_ended_by_either() -> None:
    given(ana, established).when(unfollow).then(ended(by=BEN))
    given(ana, established).when(remove).then(ended(by=ANA))


def test_going_public_accepts_the_requests_made_before() -> None:
    history = given(private_ana, requested(), went_public)
    history.when(follow).then()
    history.when(unfollow).then(ended(by=BEN))
    history.when(cancel).refuses(Conflict, "REQUEST_NOT_PENDING")


def test_going_private_again_keeps_them_and_asks_those_who_come_later() -> None:
    given(private_ana, requested(), went_public, went_private).when(follow).then()
    given(private_ana, went_public, went_private).when(follow).then(requested(opening=1))
    later = given(private_ana, went_public, went_private, requested(opening=1))
    later.when(accept).then(established)


def test_a_block_ends_the_follow_or_the_request_of_the_blocked() -> None:
    given(ana).when(block).then(blocked)
    given(ana, established).when(block).then(blocked, ended(by=ANA))
    given(private_ana, requested()).when(block).then(blocked, declined)


def test_unblocking_brings_no_follow_back() -> None:
    unblock = Unblock(blocker_id=ANA, blocked_id=BEN)
    history = given(ana, established, blocked, ended(by=ANA))
    history.when(unblock).then(BlockLifted(blocker_id=ANA, blocked_id=BEN))
    given(ana).when(unblock).then()


def test_a_mirrored_block_ends_the_follow_of_the_blocker() -> None:
    history = given(ana, established)
    history.when(mirror(1, by_ben=True)).then(mirrored(1, by_ben=True), ended(by=BEN))
    asked = given(private_ana, requested())
    asked.when(mirror(1, by_ben=True)).then(mirrored(1, by_ben=True), withdrawn)


def test_an_older_mirror_that_comes_late_changes_nothing() -> None:
    history = given(ana, mirrored(5, by_ben=False))
    history.when(mirror(4, by_ben=True)).then()
    history.when(mirror(5, by_ben=True)).then()


def test_a_mute_is_set_and_lifted_once() -> None:
    mute = Mute(muter_id=ANA, muted_id=BEN)
    set_ = MuteSet(muter_id=ANA, muted_id=BEN)
    given(ana).when(mute).then(set_)
    lift = Unmute(muter_id=ANA, muted_id=BEN)
    given(ana, set_).when(lift).then(MuteLifted(muter_id=ANA, muted_id=BEN))
    given(ana).when(lift).then()
