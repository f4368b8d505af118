"""Who follows, asks to follow, blocks and mutes whom, who is private, and how many follow.

All that people decide about who may see them is here, in one model: what its checkpoint includes
held all together at some moment. Were it spread over two, which go at their own pace, then going
private and lifting a block afterwards could be shown in the other order.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never, get_args

from events.accounts import AccountRegistered, VisibilityChanged
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
    GraphEvent,
    MuteLifted,
    MuteSet,
)
from events.topics import PEOPLE
from projections.model import Model, Moment
from projections.operations import Delete, Hint, Operation, Scope, UpdateWhere, Upsert
from projections.tables import Row, Table, Tally
from projections.touches import Followed, Opened, Touch

VERSION = 2
REQUESTED = Following.REQUESTED.value
ESTABLISHED = Following.ESTABLISHED.value

FOLLOWS = Table(
    "follows",
    key=("target_id", "follower_id"),
    columns="""target_id uuid not null, follower_id uuid not null, state text not null,
        since timestamptz not null""",
    indexes=(
        "(target_id, state, since desc, follower_id desc)",
        "(follower_id, state, since desc, target_id desc)",
    ),
)

BLOCKS = Table(
    "blocks",
    key=("blocker_id", "blocked_id"),
    columns="blocker_id uuid not null, blocked_id uuid not null, since timestamptz not null",
    indexes=("(blocked_id, blocker_id)",),
)

MUTES = Table(
    "mutes",
    key=("muter_id", "muted_id"),
    columns="muter_id uuid not null, muted_id uuid not null, since timestamptz not null",
)

PRIVATE_ACCOUNTS = Table(
    "private_accounts",
    key=("account_id",),
    columns="account_id uuid not null, since timestamptz not null",
)

FOLLOWER_COUNTS = Table(
    "follower_counts",
    key=("account_id",),
    columns="account_id uuid not null, followers bigint not null",
    live="followers <> 0",
)

FOLLOWING_COUNTS = Table(
    "following_counts",
    key=("account_id", "partition"),
    columns="account_id uuid not null, partition text not null, following bigint not null",
    live="following <> 0",
)

FOLLOWERS = Tally(
    FOLLOWER_COUNTS, of=FOLLOWS, by=("target_id",), count="followers",
    where=(("state", ESTABLISHED),),
)  # fmt: skip

FOLLOWING = Tally(
    FOLLOWING_COUNTS, of=FOLLOWS, by=("follower_id",), count="following",
    where=(("state", ESTABLISHED),),
)  # fmt: skip

FollowEvent = FollowRequested | FollowEstablished | FollowDeclined | FollowWithdrawn | FollowEnded
PrivacyEvent = AccountRegistered | VisibilityChanged


def changes(event: GraphEvent | PrivacyEvent, moment: Moment) -> Iterator[Operation]:
    """How one event changes the rows."""
    at = moment.at
    match event:
        # First of all what there is most of.
        case (
            FollowEstablished() | FollowRequested() | FollowEnded()
            | FollowWithdrawn() | FollowDeclined()
        ):  # fmt: skip
            yield _follow_change(event, at)
        case BlockSet(blocker_id=person, blocked_id=other):
            yield Upsert(BLOCKS, {"blocker_id": person, "blocked_id": other, "since": at})
        case BlockLifted(blocker_id=person, blocked_id=other):
            yield Delete(BLOCKS, {"blocker_id": person, "blocked_id": other})
        case MuteSet(muter_id=person, muted_id=other):
            yield Upsert(MUTES, {"muter_id": person, "muted_id": other, "since": at})
        case MuteLifted(muter_id=person, muted_id=other):
            yield Delete(MUTES, {"muter_id": person, "muted_id": other})
        case AccountRegistered(private=True) | VisibilityChanged(private=True):
            yield Upsert(PRIVATE_ACCOUNTS, {"account_id": event.account_id, "since": at})
        case VisibilityChanged(account_id=person):
            yield Delete(PRIVATE_ACCOUNTS, {"account_id": person})
            # Going public accepts every request that waits: one event, however many they are.
            waiting: Row = {"target_id": person, "state": REQUESTED}
            yield UpdateWhere(FOLLOWS, waiting, {"state": ESTABLISHED, "since": at})
        case AccountRegistered() | BlockMirrored():
            # A mirror is for deciders; reads let the block itself beat any edge.
            return
        case unknown:
            assert_never(unknown)


def _follow_change(event: FollowEvent, at: datetime) -> Operation:
    key: Row = {"target_id": event.target_id, "follower_id": event.follower_id}
    match event:
        case FollowEstablished():
            return Upsert(FOLLOWS, key | {"state": ESTABLISHED, "since": at})
        case FollowRequested():
            return Upsert(FOLLOWS, key | {"state": REQUESTED, "since": at})
        case FollowDeclined() | FollowWithdrawn() | FollowEnded():
            return Delete(FOLLOWS, key)
        case unknown:
            assert_never(unknown)


def hints(event: GraphEvent | PrivacyEvent) -> Iterator[Hint]:
    """Who should know at once, and whose pages may show less from now on.

    Nobody is told that they were blocked, muted or declined: pages only lose what they may no
    longer show, as they would when loaded anew.
    """
    match event:
        case FollowRequested(target_id=target, follower_id=follower):
            yield Hint("follow.requested", target, (follower,))
        case FollowEstablished(target_id=target, follower_id=follower):
            yield Hint("follow.established", target, (follower,))
            yield Hint("follow.accepted", follower, (target,))
        case FollowWithdrawn(target_id=target, follower_id=follower):
            yield Hint("follow.withdrawn", target, (follower,))
        case FollowEnded(target_id=target, follower_id=follower):
            yield Hint("access.narrowed", follower, (target,))
        case BlockSet(blocker_id=blocker, blocked_id=blocked):
            yield Hint("access.narrowed", blocker, (blocked,))
            yield Hint("access.narrowed", blocked, (blocker,))
        case VisibilityChanged(account_id=account, private=True):
            yield Hint("access.narrowed", account, scope=Scope.AUTHOR)
        case _:
            return


def touches(event: GraphEvent | VisibilityChanged, moment: Moment) -> Iterator[Touch]:
    """Whose home timeline lacks posts from now on. What narrows a home is left out when read."""
    match event:
        case FollowEstablished(follower_id=follower):
            yield Followed(follower)
        case VisibilityChanged(account_id=person, private=False):
            yield Opened(person, moment.at)
        case _:
            return


MODEL = Model(
    name="graph",
    version=VERSION,
    topics=(PEOPLE,),
    events=(*get_args(GraphEvent), *get_args(PrivacyEvent)),
    tables=(FOLLOWS, BLOCKS, MUTES, PRIVATE_ACCOUNTS),
    tallies=(FOLLOWERS, FOLLOWING),
    changes=changes,
    hints=hints,
    touches=touches,
    visibility=True,
)
