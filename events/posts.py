"""Posts, their comments and reactions, and the bookmarks of their readers.

Streams in the post's shard of `posts`: `post-{post}`, `comment-{post}-{comment}` and
`reaction-{post}-{thing}-{person}`, where the thing is the post or one of its comments. A
bookmark is private to its reader and lives in the reader's shard of `people`:
`bookmark-{person}-{post}`. Texts are sealed under their author's key, so no state holds one;
tags and links are read out of the text by whoever may read it.
"""

from datetime import datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from events.event import Event, Personal
from events.value import Value


class Audience(StrEnum):
    """Who may see a post, besides its author."""

    PUBLIC = "public"
    FOLLOWERS = "followers"
    SELECTED = "selected"


class Replies(StrEnum):
    """Who of those who may see a post may comment on it."""

    EVERYBODY = "everybody"
    FOLLOWERS = "followers"
    NOBODY = "nobody"


class Mention(Value, frozen=True, array_like=True):
    """An account named in a text: `length` code points from `start` on, the @ included."""

    start: int
    length: int
    account_id: UUID


class PostPublished(Event, frozen=True, kw_only=True, tag="post.published"):
    sealed_by = "author_id"
    post_id: UUID
    author_id: UUID
    body: Personal
    audience: Audience
    replies: Replies = Replies.EVERYBODY
    chosen: tuple[UUID, ...] = ()
    mentions: tuple[Mention, ...] = ()


class PostEdited(Event, frozen=True, kw_only=True, tag="post.edited"):
    """What is not set stays. `mentions` belongs to `body` and changes with it."""

    sealed_by = "author_id"
    post_id: UUID
    author_id: UUID
    body: Personal | UnsetType = UNSET
    mentions: tuple[Mention, ...] = ()
    audience: Audience | UnsetType = UNSET
    chosen: tuple[UUID, ...] | UnsetType = UNSET
    replies: Replies | UnsetType = UNSET


class PostDeleted(Event, frozen=True, kw_only=True, tag="post.deleted"):
    post_id: UUID
    author_id: UUID
    deleted_by: UUID


class CommentPublished(Event, frozen=True, kw_only=True, tag="comment.published"):
    """`parent_id` is the comment that it replies to, None for one on the post itself."""

    sealed_by = "author_id"
    post_id: UUID
    post_author_id: UUID
    comment_id: UUID
    author_id: UUID
    body: Personal
    parent_id: UUID | None = None
    parent_author_id: UUID | None = None
    mentions: tuple[Mention, ...] = ()


class CommentEdited(Event, frozen=True, kw_only=True, tag="comment.edited"):
    sealed_by = "author_id"
    post_id: UUID
    comment_id: UUID
    author_id: UUID
    body: Personal
    mentions: tuple[Mention, ...] = ()


class CommentDeleted(Event, frozen=True, kw_only=True, tag="comment.deleted"):
    post_id: UUID
    comment_id: UUID
    author_id: UUID
    deleted_by: UUID


class ReactionSet(Event, frozen=True, kw_only=True, tag="reaction.set"):
    """`thing_id` is the post or one of its comments, `thing_author_id` who wrote that."""

    post_id: UUID
    thing_id: UUID
    thing_author_id: UUID
    person_id: UUID


class ReactionTakenBack(Event, frozen=True, kw_only=True, tag="reaction.taken_back"):
    post_id: UUID
    thing_id: UUID
    thing_author_id: UUID
    person_id: UUID


class BookmarkSet(Event, frozen=True, kw_only=True, tag="bookmark.set"):
    person_id: UUID
    post_id: UUID


class BookmarkRemoved(Event, frozen=True, kw_only=True, tag="bookmark.removed"):
    person_id: UUID
    post_id: UUID


PostEvent = (
    PostPublished
    | PostEdited
    | PostDeleted
    | CommentPublished
    | CommentEdited
    | CommentDeleted
    | ReactionSet
    | ReactionTakenBack
    | BookmarkSet
    | BookmarkRemoved
)


class Post(Value, frozen=True):
    """What deciders know of one post."""

    author_id: UUID | None = None
    audience: Audience = Audience.PUBLIC
    replies: Replies = Replies.EVERYBODY
    deleted: bool = False


class Comment(Value, frozen=True):
    """What deciders know of one comment."""

    author_id: UUID | None = None
    parent_id: UUID | None = None
    deleted: bool = False


class Mark(Value, frozen=True):
    """A reaction or a bookmark of one person: set or not."""

    on: bool = False


def post_stream(post: UUID) -> str:
    """The stream of the post itself."""
    return f"post-{post}"


def comment_stream(post: UUID, comment: UUID) -> str:
    """The stream of one comment, in its post's shard."""
    return f"comment-{post}-{comment}"


def reaction_stream(post: UUID, thing: UUID, person: UUID) -> str:
    """The stream of one person's reaction to the post or to one of its comments."""
    return f"reaction-{post}-{thing}-{person}"


def bookmark_stream(person: UUID, post: UUID) -> str:
    """The stream of one bookmark, in the shard of the person who set it."""
    return f"bookmark-{person}-{post}"


def stream_of(event: PostEvent) -> str:
    """The stream that records the event."""
    match event:
        case PostPublished() | PostEdited() | PostDeleted():
            return post_stream(event.post_id)
        case CommentPublished() | CommentEdited() | CommentDeleted():
            return comment_stream(event.post_id, event.comment_id)
        case ReactionSet() | ReactionTakenBack():
            return reaction_stream(event.post_id, event.thing_id, event.person_id)
        case BookmarkSet() | BookmarkRemoved():
            return bookmark_stream(event.person_id, event.post_id)
        case unknown:
            assert_never(unknown)


def evolve_post(state: Post, event: PostEvent, at: datetime) -> Post:
    """The post after `event`."""
    match event:
        case PostPublished(author_id=author, audience=audience, replies=replies):
            return Post(author, audience, replies)
        case PostEdited(audience=audience, replies=replies):
            return replace(
                state,
                audience=state.audience if audience is UNSET else audience,
                replies=state.replies if replies is UNSET else replies,
            )
        case PostDeleted():
            return replace(state, deleted=True)
        case _:
            return state


def evolve_comment(state: Comment, event: PostEvent, at: datetime) -> Comment:
    """The comment after `event`."""
    match event:
        case CommentPublished(author_id=author, parent_id=parent):
            return Comment(author, parent)
        case CommentDeleted():
            return replace(state, deleted=True)
        case _:
            return state


def evolve_mark(state: Mark, event: PostEvent, at: datetime) -> Mark:
    """The reaction or bookmark after `event`."""
    match event:
        case ReactionSet() | BookmarkSet():
            return Mark(on=True)
        case ReactionTakenBack() | BookmarkRemoved():
            return Mark(on=False)
        case _:
            return state
