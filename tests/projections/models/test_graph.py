"""What the graph model makes of each event."""

from typing import Any
from uuid import UUID

from msgspec.structs import replace

from events.accounts import VisibilityChanged
from events.event import Event
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
from projections.model import Moment
from projections.models.graph import (
    BLOCKS,
    FOLLOWER_COUNTS,
    FOLLOWING_COUNTS,
    FOLLOWS,
    MODEL,
    MUTES,
    PRIVATE_ACCOUNTS,
    hints,
    touches,
)
from projections.operations import Hint, Scope
from projections.tables import Row, Table
from projections.touches import Followed, Opened
from tests.projections.folding import ANA, BEN, CLO, at, rows_of
from tests.projections.models.test_accounts import registered


def after(table: Table, *events: Event) -> list[Row]:
    return rows_of(MODEL, table, events)


def requested(target: UUID, follower: UUID) -> FollowRequested:
    return FollowRequested(target_id=target, follower_id=follower, opening=0)


def followed(target: UUID, follower: UUID) -> FollowEstablished:
    return FollowEstablished(target_id=target, follower_id=follower)


def unfollowed(target: UUID, follower: UUID, by: UUID) -> FollowEnded:
    return FollowEnded(target_id=target, follower_id=follower, ended_by=by)


def test_a_follow_is_one_row_and_counts_for_both() -> None:
    events = (followed(ANA, BEN),)
    assert after(FOLLOWS, *events) == [
        {"target_id": ANA, "follower_id": BEN, "state": "established", "since": at(0)}
    ]
    assert after(FOLLOWER_COUNTS, *events) == [{"account_id": ANA, "followers": 1}]
    assert after(FOLLOWING_COUNTS, *events) == [
        {"account_id": BEN, "partition": "people-0", "following": 1}
    ]


def test_a_request_waits_and_counts_for_nobody() -> None:
    events = (requested(ANA, BEN),)
    assert [row["state"] for row in after(FOLLOWS, *events)] == ["requested"]
    assert after(FOLLOWER_COUNTS, *events) == []
    assert after(FOLLOWING_COUNTS, *events) == []


def test_an_accepted_request_counts_from_then_on() -> None:
    events = (requested(ANA, BEN), followed(ANA, BEN))
    assert [row["since"] for row in after(FOLLOWS, *events)] == [at(1)]
    assert after(FOLLOWER_COUNTS, *events) == [{"account_id": ANA, "followers": 1}]


def test_withdrawn_declined_and_ended_follows_leave_no_row_and_no_count() -> None:
    endings = (
        (requested(ANA, BEN), FollowWithdrawn(target_id=ANA, follower_id=BEN)),
        (requested(ANA, BEN), FollowDeclined(target_id=ANA, follower_id=BEN)),
        (followed(ANA, BEN), unfollowed(ANA, BEN, by=BEN)),
    )
    for events in endings:
        assert after(FOLLOWS, *events) == []
        assert after(FOLLOWER_COUNTS, *events) == []
        assert after(FOLLOWING_COUNTS, *events) == []


def test_going_public_accepts_every_waiting_request_and_no_other_persons() -> None:
    events = (
        requested(ANA, BEN),
        requested(ANA, CLO),
        requested(BEN, CLO),
        VisibilityChanged(account_id=ANA, private=False),
    )
    states = {(row["target_id"], row["follower_id"]): row for row in after(FOLLOWS, *events)}
    assert states[ANA, BEN]["state"] == states[ANA, CLO]["state"] == "established"
    assert states[ANA, BEN]["since"] == at(3)
    assert states[BEN, CLO]["state"] == "requested"
    assert after(FOLLOWER_COUNTS, *events) == [{"account_id": ANA, "followers": 2}]


def test_a_request_withdrawn_in_time_is_not_accepted_by_going_public() -> None:
    events = (
        requested(ANA, BEN),
        requested(ANA, CLO),
        FollowWithdrawn(target_id=ANA, follower_id=BEN),
        VisibilityChanged(account_id=ANA, private=False),
    )
    assert [row["follower_id"] for row in after(FOLLOWS, *events)] == [CLO]


def test_going_private_changes_no_follow() -> None:
    events = (followed(ANA, BEN), VisibilityChanged(account_id=ANA, private=True))
    assert [row["state"] for row in after(FOLLOWS, *events)] == ["established"]


def test_who_is_private_stands_beside_who_follows_and_blocks() -> None:
    closed, opened = (VisibilityChanged(account_id=ANA, private=one) for one in (True, False))
    row = {"account_id": ANA, "since": at(0)}
    assert after(PRIVATE_ACCOUNTS, registered(ANA)) == [row]
    assert after(PRIVATE_ACCOUNTS, replace(registered(ANA), private=False)) == []
    assert after(PRIVATE_ACCOUNTS, closed) == [row]
    assert after(PRIVATE_ACCOUNTS, registered(ANA), opened) == []
    assert after(PRIVATE_ACCOUNTS, closed, opened, closed) == [row | {"since": at(2)}]


def test_blocks_and_mutes_come_and_go() -> None:
    block, mute = (
        BlockSet(blocker_id=ANA, blocked_id=BEN),
        MuteSet(muter_id=ANA, muted_id=CLO),
    )
    assert after(BLOCKS, block) == [{"blocker_id": ANA, "blocked_id": BEN, "since": at(0)}]
    assert after(MUTES, mute) == [{"muter_id": ANA, "muted_id": CLO, "since": at(0)}]
    assert after(BLOCKS, block, BlockLifted(blocker_id=ANA, blocked_id=BEN)) == []
    assert after(MUTES, mute, MuteLifted(muter_id=ANA, muted_id=CLO)) == []


def test_the_mirror_of_a_block_is_no_second_block() -> None:
    mirror = BlockMirrored(person_id=BEN, blocker_id=ANA, blocked=True, source_version=1)
    assert after(BLOCKS, mirror) == []


def test_a_new_follower_is_news_for_both() -> None:
    assert list(hints(followed(ANA, BEN))) == [
        Hint("follow.established", ANA, (BEN,)),
        Hint("follow.accepted", BEN, (ANA,)),
    ]


def test_a_muted_or_declined_person_is_told_nothing() -> None:
    declined = FollowDeclined(target_id=ANA, follower_id=BEN)
    for event in (declined, MuteSet(muter_id=ANA, muted_id=BEN)):
        assert list(hints(event)) == []


def test_after_a_block_the_pages_of_both_are_looked_at_again() -> None:
    assert list(hints(BlockSet(blocker_id=ANA, blocked_id=BEN))) == [
        Hint("access.narrowed", ANA, (BEN,)),
        Hint("access.narrowed", BEN, (ANA,)),
    ]
    assert list(hints(BlockLifted(blocker_id=ANA, blocked_id=BEN))) == []


def test_who_no_longer_follows_may_see_less_whoever_ended_it() -> None:
    for actor in (ANA, BEN):
        assert list(hints(unfollowed(ANA, BEN, by=actor))) == [Hint("access.narrowed", BEN, (ANA,))]


def test_an_account_that_goes_private_is_news_for_all_who_look_at_its_posts() -> None:
    private = VisibilityChanged(account_id=ANA, private=True)
    assert list(hints(private)) == [Hint("access.narrowed", ANA, scope=Scope.AUTHOR)]
    public = VisibilityChanged(account_id=ANA, private=False)
    assert list(hints(public)) == []


def test_whoever_follows_somebody_new_lacks_their_posts() -> None:
    moment = Moment(at(5), "people-0", 5)
    assert list(touches(followed(ANA, BEN), moment)) == [Followed(BEN)]
    going_public = VisibilityChanged(account_id=ANA, private=False)
    assert list(touches(going_public, moment)) == [Opened(ANA, at(5))]


def test_what_narrows_or_only_hides_a_home_touches_no_timeline() -> None:
    narrowing: list[Any] = [
        requested(ANA, BEN),
        unfollowed(ANA, BEN, by=ANA),
        FollowDeclined(target_id=ANA, follower_id=BEN),
        BlockSet(blocker_id=ANA, blocked_id=BEN),
        BlockLifted(blocker_id=ANA, blocked_id=BEN),
        MuteSet(muter_id=ANA, muted_id=BEN),
        MuteLifted(muter_id=ANA, muted_id=BEN),
        VisibilityChanged(account_id=ANA, private=True),
    ]
    for event in narrowing:
        assert list(touches(event, Moment(at(5), "people-0", 5))) == []
