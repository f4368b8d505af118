"""Comments, decided in the shard of their post.

Replies are one level deep. Under a deleted post, and for whoever may not see it, everything is
answered as if the post were absent.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, assert_never, get_args
from uuid import UUID

from commands.deciders.posts import no_such_post
from commands.submission import Command, Route
from events.event import Event
from events.posts import (
    Comment,
    CommentDeleted,
    CommentEdited,
    CommentPublished,
    Mention,
    Post,
    Replies,
    comment_stream,
    post_stream,
)
from events.topics import POSTS
from schemas.refusals import Conflict, Forbidden


class PublishComment(Command, frozen=True, kw_only=True, tag="comments.publish"):
    """Comments on a post or, with `parent_id`, replies to a comment.

    `visible` says whether the author may see the post and the parent, `follows` whether they follow
    the post's author: who may comment is decided by the post as it is, not as readers know it.
    """

    post_id: UUID
    comment_id: UUID
    author_id: UUID
    body: str
    visible: bool
    follows: bool
    parent_id: UUID | None = None
    mentions: tuple[Mention, ...] = ()


class EditComment(Command, frozen=True, kw_only=True, tag="comments.edit"):
    """Changes an own comment.

    `visible` says whether its author may still see the post, `thread_visible` whether they see the
    comment there: what hides a comment hides the replies to it, and deletion takes them along.
    """

    post_id: UUID
    comment_id: UUID
    actor_id: UUID
    body: str
    visible: bool
    thread_visible: bool
    mentions: tuple[Mention, ...] = ()


class DeleteComment(Command, frozen=True, kw_only=True, tag="comments.delete"):
    """Deletes an own comment, or one under an own post, and with it the replies to it."""

    post_id: UUID
    comment_id: UUID
    actor_id: UUID


CommentCommand = PublishComment | EditComment | DeleteComment


def decide(states: Sequence[Any], command: CommentCommand, at: datetime) -> list[Event]:
    """What the command records; raises a Refusal."""
    comment: Comment = states[0]
    post: Post = states[1]
    if post.author_id is None or post.deleted:
        raise no_such_post()
    match command:
        case PublishComment() if comment.author_id is not None:
            return []
        case PublishComment():
            parent = None if command.parent_id is None else states[2]
            return [_published(post, post.author_id, parent, command)]
        case EditComment():
            return [_edited(post, comment, command)]
        case DeleteComment():
            return _delete(post, comment, command)
        case unknown:
            assert_never(unknown)


def _published(
    post: Post, post_author: UUID, parent: Comment | None, command: PublishComment
) -> CommentPublished:
    author = command.author_id
    if parent is not None and (parent.author_id is None or parent.deleted):
        raise no_such_post()
    # Authors know their posts, even when the query side does not yet; not so others' comments.
    if not command.visible and (parent is not None or author != post_author):
        raise no_such_post()
    if parent is not None and parent.parent_id is not None:
        raise Conflict("REPLY_TOO_DEEP", "You cannot reply to a reply; reply to its comment.")
    if author != post_author and not _lets_comment(post, command):
        raise Forbidden("COMMENTS_CLOSED", "The author of this post limits who may comment.")
    return CommentPublished(
        post_id=command.post_id,
        post_author_id=post_author,
        comment_id=command.comment_id,
        author_id=author,
        body=command.body,
        parent_id=command.parent_id,
        parent_author_id=parent.author_id if parent else None,
        mentions=command.mentions,
    )


def _lets_comment(post: Post, command: PublishComment) -> bool:
    """By the post as it is now; who follows its author, the query side has told."""
    match post.replies:
        case Replies.EVERYBODY:
            return True
        case Replies.FOLLOWERS:
            return command.follows
        case Replies.NOBODY:
            return False
        case unknown:
            assert_never(unknown)


def _edited(post: Post, comment: Comment, command: EditComment) -> CommentEdited:
    own = comment.author_id == command.actor_id and not comment.deleted
    if not own or not _still_sees(post, comment, command):
        raise no_such_post()
    return CommentEdited(
        post_id=command.post_id,
        comment_id=command.comment_id,
        author_id=command.actor_id,
        body=command.body,
        mentions=command.mentions,
    )


def _still_sees(post: Post, comment: Comment, command: EditComment) -> bool:
    """Authors know their posts and comments, even when the query side does not yet.

    What becomes of a reply depends on another comment, of which the reply's state knows nothing.
    """
    if comment.parent_id is not None:
        return command.thread_visible
    return command.visible or post.author_id == command.actor_id


def _delete(post: Post, comment: Comment, command: DeleteComment) -> list[Event]:
    author, actor = comment.author_id, command.actor_id
    if author is None or actor not in (author, post.author_id):
        raise no_such_post()
    if comment.deleted:
        return []
    deleted = CommentDeleted(
        post_id=command.post_id,
        comment_id=command.comment_id,
        author_id=author,
        deleted_by=actor,
    )
    return [deleted]


def shard_of(command: CommentCommand) -> str:
    """The shard of the post."""
    return str(command.post_id)


def streams_of(command: CommentCommand) -> tuple[str, ...]:
    """The comment, the post and, for a reply, the comment above."""
    post = command.post_id
    streams = comment_stream(post, command.comment_id), post_stream(post)
    match command:
        case PublishComment(parent_id=UUID() as parent):
            return (*streams, comment_stream(post, parent))
        case _:
            return streams


ROUTE = Route(POSTS, get_args(CommentCommand), shard_of, streams_of, decide)
