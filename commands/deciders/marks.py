"""Reactions, decided in the shard of their post, and bookmarks, in that of their owner.

To set either, one must see the post; to take it back, not: it changes what is one's own, and
says nothing of the post.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, assert_never, get_args
from uuid import UUID

from commands.deciders.posts import no_such_post
from commands.submission import Command, Route
from events.event import Event
from events.posts import (
    BookmarkRemoved,
    BookmarkSet,
    Comment,
    Mark,
    Post,
    ReactionSet,
    ReactionTakenBack,
    bookmark_stream,
    comment_stream,
    post_stream,
    reaction_stream,
)
from events.topics import PEOPLE, POSTS


class React(Command, frozen=True, kw_only=True, tag="marks.react"):
    """Reacts to the post or, if `thing_id` is another, to that comment under it.

    `visible` says whether the person may see the thing.
    """

    post_id: UUID
    thing_id: UUID
    person_id: UUID
    visible: bool


class TakeBackReaction(Command, frozen=True, kw_only=True, tag="marks.take_back"):
    """Takes the reaction back."""

    post_id: UUID
    thing_id: UUID
    person_id: UUID


class SetBookmark(Command, frozen=True, kw_only=True, tag="marks.set_bookmark"):
    """Bookmarks a post. `visible` says whether the person may see it."""

    person_id: UUID
    post_id: UUID
    visible: bool


class RemoveBookmark(Command, frozen=True, kw_only=True, tag="marks.remove_bookmark"):
    """Removes the bookmark."""

    person_id: UUID
    post_id: UUID


ReactionCommand = React | TakeBackReaction
BookmarkCommand = SetBookmark | RemoveBookmark


def decide_reaction(states: Sequence[Any], command: ReactionCommand, at: datetime) -> list[Event]:
    """What the command records; raises a Refusal."""
    mark: Mark = states[0]
    author = _author_of_thing(states[1:])
    match command:
        case React(post_id=post, thing_id=thing, person_id=person, visible=visible):
            # Authors know their posts, even when the query side does not yet.
            own_post = thing == post and person == author
            if author is None or not (visible or own_post):
                raise no_such_post()
            if mark.on:
                return []
            return [
                ReactionSet(post_id=post, thing_id=thing, thing_author_id=author, person_id=person)
            ]
        case TakeBackReaction(post_id=post, thing_id=thing, person_id=person):
            if author is None or not mark.on:
                return []
            return [
                ReactionTakenBack(
                    post_id=post, thing_id=thing, thing_author_id=author, person_id=person
                )
            ]
        case unknown:
            assert_never(unknown)


def _author_of_thing(things: Sequence[Post | Comment]) -> UUID | None:
    """Who wrote the last of them, the post or its comment; None unless all are still there."""
    if any(thing.author_id is None or thing.deleted for thing in things):
        return None
    return things[-1].author_id


def decide_bookmark(states: Sequence[Any], command: BookmarkCommand, at: datetime) -> list[Event]:
    """What the command records; raises a Refusal."""
    mark: Mark = states[0]
    match command:
        case SetBookmark(visible=False):
            raise no_such_post()
        case SetBookmark(person_id=person, post_id=post):
            return [] if mark.on else [BookmarkSet(person_id=person, post_id=post)]
        case RemoveBookmark(person_id=person, post_id=post):
            return [BookmarkRemoved(person_id=person, post_id=post)] if mark.on else []
        case unknown:
            assert_never(unknown)


def shard_of_reaction(command: ReactionCommand) -> str:
    """The shard of the post."""
    return str(command.post_id)


def streams_of_reaction(command: ReactionCommand) -> tuple[str, ...]:
    """The person's reaction, the post and, if it is about one, the comment."""
    post, thing = command.post_id, command.thing_id
    streams = reaction_stream(post, thing, command.person_id), post_stream(post)
    return streams if thing == post else (*streams, comment_stream(post, thing))


def shard_of_bookmark(command: BookmarkCommand) -> str:
    """The shard of the reader."""
    return str(command.person_id)


def streams_of_bookmark(command: BookmarkCommand) -> tuple[str, ...]:
    """The bookmark alone."""
    return (bookmark_stream(command.person_id, command.post_id),)


REACTION_ROUTE = Route(
    POSTS, get_args(ReactionCommand), shard_of_reaction, streams_of_reaction, decide_reaction
)
BOOKMARK_ROUTE = Route(
    PEOPLE, get_args(BookmarkCommand), shard_of_bookmark, streams_of_bookmark, decide_bookmark
)
