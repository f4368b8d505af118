"""Posts, decided in their own shard: published, edited and deleted by their author.

What a command relies on beside the post's own streams, the query side was asked (`chosen_follow`,
and in the neighbouring modules `visible`); it is decided here all the same, so that a repeated
request gets its first answer whatever has changed. Somebody else's post is answered as absent:
nobody learns here that it exists.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, assert_never, get_args
from uuid import UUID

from msgspec import UNSET, UnsetType

from commands.submission import Command, Route
from events.event import Event
from events.posts import (
    Audience,
    Mention,
    Post,
    PostDeleted,
    PostEdited,
    PostPublished,
    Replies,
    post_stream,
)
from events.topics import POSTS
from schemas.refusals import Conflict, Invalid, NotFound

CHOSEN_MAX = 100


class PublishPost(Command, frozen=True, kw_only=True, tag="posts.publish"):
    """Publishes a post. `chosen_follow` says whether all of `chosen` follow the author."""

    post_id: UUID
    author_id: UUID
    body: str
    audience: Audience
    replies: Replies
    chosen: tuple[UUID, ...] = ()
    chosen_follow: bool = True
    mentions: tuple[Mention, ...] = ()


class EditPost(Command, frozen=True, kw_only=True, tag="posts.edit"):
    """Changes what is set. `mentions` are those of `body`."""

    post_id: UUID
    actor_id: UUID
    body: str | UnsetType = UNSET
    mentions: tuple[Mention, ...] = ()
    audience: Audience | UnsetType = UNSET
    chosen: tuple[UUID, ...] | UnsetType = UNSET
    chosen_follow: bool = True
    replies: Replies | UnsetType = UNSET


class DeletePost(Command, frozen=True, kw_only=True, tag="posts.delete"):
    """Deletes a post, and with it everything under it."""

    post_id: UUID
    actor_id: UUID


PostCommand = PublishPost | EditPost | DeletePost


def decide(states: Sequence[Any], command: PostCommand, at: datetime) -> list[Event]:
    """What the command records; raises a Refusal."""
    post: Post = states[0]
    match command:
        case PublishPost():
            return _publish(post, command)
        case EditPost():
            return _edit(post, command)
        case DeletePost(post_id=post_id, actor_id=actor):
            if post.author_id != actor:
                raise no_such_post()
            if post.deleted:
                return []
            return [PostDeleted(post_id=post_id, author_id=actor, deleted_by=actor)]
        case unknown:
            assert_never(unknown)


def no_such_post() -> NotFound:
    """The one answer for what is absent, deleted or hidden, of posts and what is under them."""
    return NotFound("NOT_FOUND", "There is no such post.")


def _publish(post: Post, command: PublishPost) -> list[Event]:
    if post.author_id is not None:
        return []
    _check_chosen(command.audience, command.chosen, follow=command.chosen_follow)
    published = PostPublished(
        post_id=command.post_id,
        author_id=command.author_id,
        body=command.body,
        audience=command.audience,
        replies=command.replies,
        chosen=command.chosen,
        mentions=command.mentions,
    )
    return [published]


def _edit(post: Post, command: EditPost) -> list[Event]:
    if post.author_id != command.actor_id or post.deleted:
        raise no_such_post()
    audience, chosen = _new_audience(post, command)
    replies = UNSET if command.replies is post.replies else command.replies
    if command.body is UNSET and audience is UNSET and chosen is UNSET and replies is UNSET:
        return []
    edited = PostEdited(
        post_id=command.post_id,
        author_id=command.actor_id,
        body=command.body,
        mentions=command.mentions,
        audience=audience,
        chosen=chosen,
        replies=replies,
    )
    return [edited]


def _new_audience(
    post: Post, command: EditPost
) -> tuple[Audience | UnsetType, tuple[UUID, ...] | UnsetType]:
    """The audience and the chosen ones as far as they change; who is no longer chosen goes."""
    wanted = post.audience if command.audience is UNSET else command.audience
    audience = UNSET if wanted is post.audience else wanted
    if audience is UNSET and command.chosen is UNSET:
        return UNSET, UNSET
    chosen = () if command.chosen is UNSET else command.chosen
    _check_chosen(wanted, chosen, follow=command.chosen_follow)
    if wanted is not Audience.SELECTED and post.audience is not Audience.SELECTED:
        return audience, UNSET
    return audience, chosen


def _check_chosen(audience: Audience, chosen: Sequence[UUID], *, follow: bool) -> None:
    if audience is not Audience.SELECTED and chosen:
        raise _unfit("must be empty unless the audience is selected")
    if audience is Audience.SELECTED and not 1 <= len(chosen) <= CHOSEN_MAX:
        raise _unfit(f"must name 1 to {CHOSEN_MAX} followers")
    if not follow:
        raise Conflict("CHOSEN_NOT_FOLLOWERS", "Some of the selected people do not follow you.")


def _unfit(fault: str) -> Invalid:
    return Invalid("INVALID_FIELDS", "Not valid: chosen_ids.", {"chosen_ids": fault})


def shard_of(command: PostCommand) -> str:
    """The shard of the post."""
    return str(command.post_id)


def streams_of(command: PostCommand) -> tuple[str, ...]:
    """The post alone."""
    return (post_stream(command.post_id),)


ROUTE = Route(POSTS, get_args(PostCommand), shard_of, streams_of, decide)
