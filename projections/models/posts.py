"""Posts with their earlier texts, comments and reactions, and how many there are of each.

What is deleted leaves no row, and takes what is under it along. Only reactions to the replies
under a deleted comment stay, where nobody finds them, until their post goes.

All that people do here carries `after`: how far their authors were in the partitions of people.
Nobody else is shown it before the graph model is as far, so that a block made before holds.
"""

from collections.abc import Iterator, Sequence
from typing import Final, assert_never, get_args
from uuid import UUID

from msgspec import UNSET, to_builtins

from events.position import Position
from events.posts import (
    BookmarkRemoved,
    BookmarkSet,
    CommentDeleted,
    CommentEdited,
    CommentPublished,
    Mention,
    PostDeleted,
    PostEdited,
    PostEvent,
    PostPublished,
    ReactionSet,
    ReactionTakenBack,
)
from events.topics import PEOPLE
from events.topics import POSTS as TOPIC
from projections.model import Model, Moment
from projections.operations import (
    Delete,
    DeleteWhere,
    Hint,
    Keep,
    Operation,
    Scope,
    Update,
    Upsert,
)
from projections.tables import Row, Table, Tally, Value
from projections.touches import Published, Touch

VERSION = 2

POSTS = Table(
    "posts",
    key=("post_id",),
    columns="""post_id uuid not null, author_id uuid not null, body text not null,
        mentions jsonb not null, audience text not null, chosen uuid[] not null,
        replies text not null, published_at timestamptz not null, edited_at timestamptz,
        after position not null""",
    indexes=(
        "(author_id, published_at desc, post_id desc)",
        "(published_at desc, post_id desc) where audience = 'public'",
    ),
)

POST_EDITS = Table(
    "post_edits",
    key=("post_id", "edit"),
    columns="""post_id uuid not null, edit bigint not null, body text not null,
        until timestamptz not null, audience text not null, chosen uuid[] not null""",
)

COMMENTS = Table(
    "comments",
    key=("comment_id",),
    columns="""comment_id uuid not null, post_id uuid not null, parent_id uuid,
        author_id uuid not null, body text not null, mentions jsonb not null,
        published_at timestamptz not null, edited_at timestamptz, after position not null""",
    indexes=(
        "(post_id, published_at, comment_id) where parent_id is null",
        "(post_id, parent_id, published_at, comment_id)",
        "(post_id, author_id)",
    ),
)

REACTIONS = Table(
    "reactions",
    key=("thing_id", "person_id"),
    columns="""thing_id uuid not null, person_id uuid not null, post_id uuid not null,
        since timestamptz not null, after position not null""",
    indexes=("(thing_id, since desc, person_id desc)", "(post_id)"),
)

COMMENT_COUNTS = Table(
    "comment_counts",
    key=("post_id",),
    columns="post_id uuid not null, comments bigint not null",
    live="comments <> 0",
)

REPLY_COUNTS = Table(
    "reply_counts",
    key=("parent_id",),
    columns="parent_id uuid not null, replies bigint not null",
    live="replies <> 0",
)

REACTION_COUNTS = Table(
    "reaction_counts",
    key=("thing_id",),
    columns="thing_id uuid not null, reactions bigint not null",
    live="reactions <> 0",
)

TALLIES = (
    Tally(COMMENT_COUNTS, of=COMMENTS, by=("post_id",), count="comments"),
    Tally(REPLY_COUNTS, of=COMMENTS, by=("parent_id",), count="replies"),
    Tally(REACTION_COUNTS, of=REACTIONS, by=("thing_id",), count="reactions"),
)

_OF_PEOPLE: Final = f"{PEOPLE.name}-"

ReactionEvent = ReactionSet | ReactionTakenBack
PublishedEvent = PostPublished | CommentPublished


def changes(event: PostEvent, moment: Moment) -> Iterator[Operation]:
    """How one event changes the rows."""
    match event:
        # First of all what there is most of.
        case ReactionSet() | ReactionTakenBack():
            yield _reacted(event, moment)
        case PostPublished():
            yield _published(event, moment)
        case PostEdited():
            yield from _edited(event, moment)
        case PostDeleted(post_id=post):
            yield Delete(POSTS, {"post_id": post})
            for table in (POST_EDITS, COMMENTS, REACTIONS):
                yield DeleteWhere(table, {"post_id": post})
        case CommentPublished() | CommentEdited():
            yield _commented(event, moment)
        case CommentDeleted(comment_id=comment, post_id=post):
            yield Delete(COMMENTS, {"comment_id": comment})
            yield DeleteWhere(COMMENTS, {"parent_id": comment, "post_id": post})
            yield DeleteWhere(REACTIONS, {"thing_id": comment, "post_id": post})
        case BookmarkSet() | BookmarkRemoved():
            # In another topic, and a model of their own.
            return
        case unknown:
            assert_never(unknown)


def _published(event: PostPublished, moment: Moment) -> Operation:
    row: Row = {
        "post_id": event.post_id,
        "author_id": event.author_id,
        "body": event.body,
        "mentions": _plain(event.mentions),
        "audience": event.audience.value,
        "chosen": list(event.chosen),
        "replies": event.replies.value,
        "published_at": moment.at,
        "edited_at": None,
        "after": _after(moment),
    }
    return Upsert(POSTS, row)


def _edited(event: PostEdited, moment: Moment) -> Iterator[Operation]:
    key: Row = {"post_id": event.post_id}
    values: Row = {"after": _after(moment)}
    if event.body is not UNSET:
        # The offset tells two edits of one instant apart.
        edit: Row = {"edit": moment.offset, "until": moment.at}
        kept = ("body", "audience", "chosen")
        yield Keep(POST_EDITS, key | edit, source=POSTS, key=key, columns=kept)
        text: Row = {"body": event.body, "mentions": _plain(event.mentions)}
        values |= text | {"edited_at": moment.at}
    if event.audience is not UNSET:
        values["audience"] = event.audience.value
    if event.chosen is not UNSET:
        values["chosen"] = list(event.chosen)
    if event.replies is not UNSET:
        values["replies"] = event.replies.value
    yield Update(POSTS, key, values)


def _commented(event: CommentPublished | CommentEdited, moment: Moment) -> Operation:
    key: Row = {"comment_id": event.comment_id}
    text: Row = {"body": event.body, "mentions": _plain(event.mentions), "after": _after(moment)}
    if isinstance(event, CommentEdited):
        return Update(COMMENTS, key, text | {"edited_at": moment.at})
    place: Row = {"post_id": event.post_id, "parent_id": event.parent_id}
    times: Row = {"published_at": moment.at, "edited_at": None}
    return Upsert(COMMENTS, key | place | {"author_id": event.author_id} | text | times)


def _reacted(event: ReactionEvent, moment: Moment) -> Operation:
    key: Row = {"thing_id": event.thing_id, "person_id": event.person_id}
    if isinstance(event, ReactionTakenBack):
        return Delete(REACTIONS, key)
    place: Row = {"post_id": event.post_id, "since": moment.at}
    return Upsert(REACTIONS, key | place | {"after": _after(moment)})


def _after(moment: Moment) -> Position:
    """What decides who may see it: names and other posts hide nothing from anybody."""
    return {
        partition: offset
        for partition, offset in moment.after.items()
        if partition.startswith(_OF_PEOPLE)
    }


def _plain(mentions: Sequence[Mention]) -> list[Value]:
    """As the database gives them back: `[[start, length, account id], ...]`."""
    return list(to_builtins(mentions))


def hints(event: PostEvent) -> Iterator[Hint]:
    """Who should know at once: nobody about their own doing, and everybody only once.

    An edit notifies nobody: it does not say whom the text named before. Reactions to comments
    change no count of the post.
    """
    match event:
        case ReactionSet(post_id=post, thing_id=thing, person_id=person):
            if thing == post:
                yield Hint("post.changed", post, scope=Scope.POST)
            told = {event.thing_author_id: "reaction.set"}
            yield from _notified(person, told, (post,) if thing == post else (post, thing))
        case ReactionTakenBack(post_id=post, thing_id=thing):
            if thing == post:
                yield Hint("post.changed", post, scope=Scope.POST)
        case PostPublished(post_id=post, author_id=author):
            yield Hint("post.published", author, (post,), Scope.AUTHOR)
            yield from _notified(author, _told(event), (post,))
        case PostEdited(post_id=post):
            yield Hint("post.edited", post, scope=Scope.POST)
        case PostDeleted(post_id=post):
            yield Hint("post.changed", post, scope=Scope.POST)
        case CommentPublished(post_id=post, comment_id=comment, author_id=author):
            yield Hint("post.changed", post, (comment,), Scope.POST)
            yield from _notified(author, _told(event), (post, comment))
        case CommentEdited(post_id=post) | CommentDeleted(post_id=post):
            yield Hint("post.changed", post, scope=Scope.POST)
        case _:
            return


def _told(event: PublishedEvent) -> dict[UUID, str]:
    """Everybody concerned, and as what: a reply matters more than a comment or a mention."""
    noun = "post" if isinstance(event, PostPublished) else "comment"
    told = {mention.account_id: f"{noun}.mentioned" for mention in event.mentions}
    if isinstance(event, CommentPublished):
        told[event.post_author_id] = "comment.published"
        if event.parent_author_id is not None:
            told[event.parent_author_id] = "comment.replied"
    return told


def _notified(actor: UUID, told: dict[UUID, str], ids: tuple[UUID, ...]) -> Iterator[Hint]:
    for account, kind in told.items():
        if account != actor:
            yield Hint(kind, account, (actor, *ids))


def touches(event: PostEvent, moment: Moment) -> Iterator[Touch]:
    """What goes into home timelines: every post, whatever its audience, which may yet change."""
    if isinstance(event, PostPublished):
        yield Published(event.author_id, event.post_id, moment.at)


MODEL = Model(
    name="posts",
    version=VERSION,
    topics=(TOPIC,),
    events=tuple(one for one in get_args(PostEvent) if one not in (BookmarkSet, BookmarkRemoved)),
    tables=(POSTS, POST_EDITS, COMMENTS, REACTIONS),
    tallies=TALLIES,
    changes=changes,
    hints=hints,
    touches=touches,
    visibility=True,
)
