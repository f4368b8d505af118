"""Things that may happen to people, and what a model makes of them when folded in memory."""

import random
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from events import codec
from events.accounts import ProfileUpdated, SessionClosed, SessionOpened, VisibilityChanged
from events.codec import Cipher
from events.event import Event
from events.graph import (
    BlockLifted,
    BlockSet,
    FollowDeclined,
    FollowEnded,
    FollowEstablished,
    FollowRequested,
    FollowWithdrawn,
    MuteLifted,
    MuteSet,
)
from events.posts import (
    Audience,
    BookmarkRemoved,
    BookmarkSet,
    CommentDeleted,
    CommentEdited,
    CommentPublished,
    Mention,
    PostDeleted,
    PostEdited,
    PostPublished,
    ReactionSet,
    ReactionTakenBack,
    Replies,
)
from events.topics import Partition
from infra.log.port import Entry
from infra.worker import progress
from projections.folding import moment_of
from projections.memory import Rows
from projections.model import Model, tables_of
from projections.tables import Key, Row, Table
from tests.projections.models.test_accounts import registered


def any_event(chance: random.Random, person: UUID, everybody: Sequence[UUID]) -> Event:
    """Something that may happen in the shard of `person`, sensible or not."""
    other = chance.choice([one for one in everybody if one != person])
    edge = {"target_id": person, "follower_id": other}
    session = UUID(int=person.int * 10 + chance.randrange(3))
    return chance.choice(
        [
            registered(person),
            ProfileUpdated(account_id=person, about=f"About {chance.random()}"),
            ProfileUpdated(account_id=person, first_name="A", last_name="B"),
            VisibilityChanged(account_id=person, private=chance.random() < 0.5),
            SessionOpened(account_id=person, session_id=session, device="d", address="a"),
            SessionClosed(account_id=person, session_id=session, reason="signed out"),
            *(FollowRequested(**edge, opening=0),) * 3,
            *(FollowEstablished(**edge),) * 3,
            FollowDeclined(**edge),
            FollowWithdrawn(**edge),
            FollowEnded(**edge, ended_by=other),
            BlockSet(blocker_id=person, blocked_id=other),
            BlockLifted(blocker_id=person, blocked_id=other),
            MuteSet(muter_id=person, muted_id=other),
            MuteLifted(muter_id=person, muted_id=other),
            *(BookmarkSet(person_id=person, post_id=other),) * 2,
            BookmarkRemoved(person_id=person, post_id=other),
        ]
    )


def any_post_event(chance: random.Random, post: UUID, everybody: Sequence[UUID]) -> Event:
    """Something that may happen in the shard of `post`, sensible or not."""
    author, person, other = chance.choices(everybody, k=3)
    comment, parent = (UUID(int=post.int * 1000 + chance.randrange(4)) for _ in range(2))
    thing = chance.choice([post, comment])
    by: dict[str, Any] = {"post_id": post, "author_id": author}
    under: dict[str, Any] = {"post_id": post, "comment_id": comment}
    text: dict[str, Any] = {
        "body": f"@x says {chance.random()}",
        "mentions": (Mention(0, 2, other),),
    }
    mark: dict[str, Any] = {
        "post_id": post,
        "thing_id": thing,
        "thing_author_id": author,
        "person_id": person,
    }
    commented = {**under, **text, "author_id": person, "post_author_id": author}
    return chance.choice(
        [
            *(PostPublished(**by, **text, audience=Audience.PUBLIC),) * 2,
            PostPublished(**by, body="", audience=Audience.SELECTED, chosen=(person, other)),
            *(PostEdited(**by, **text),) * 2,
            PostEdited(**by, audience=Audience.SELECTED, chosen=tuple(everybody)),
            PostEdited(**by, audience=Audience.FOLLOWERS, chosen=(), replies=Replies.NOBODY),
            PostDeleted(**by, deleted_by=author),
            *(CommentPublished(**commented),) * 2,
            *(CommentPublished(**commented, parent_id=parent, parent_author_id=other),) * 2,
            CommentEdited(**under, author_id=person, **text),
            CommentDeleted(**under, author_id=person, deleted_by=author),
            *(ReactionSet(**mark),) * 3,
            ReactionTakenBack(**mark),
        ]
    )


def any_position(chance: random.Random) -> dict[str, int]:
    """How far an author may have read."""
    return {f"people-{chance.randrange(2)}": chance.randrange(300) for _ in range(2)}


def fold_of(
    log: Mapping[Partition, Sequence[Entry]], model: Model, cipher: Cipher
) -> dict[Table, dict[Key, Row]]:
    """The rows of all partitions, folded in memory one event after the other."""
    found: dict[Table, dict[Key, Row]] = {table: {} for table in tables_of(model)}
    for partition, entries in log.items():
        rows = Rows(model, partition)
        for one in progress.advanced(progress.Checkpoint(), progress.read(entries))[1]:
            for fact in one.decision.facts:
                event = codec.decode(fact, cipher)
                if isinstance(event, model.events):
                    rows.apply(model.changes(event, moment_of(partition, one)))
        for table in found:
            found[table] |= rows.of(table)
    return found
