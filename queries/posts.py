"""Posts and comments as the read models know them, with the viewer's relation to their authors."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from events.position import NOWHERE, Position
from events.posts import Audience, Mention, Replies
from queries.paging import Edge
from queries.people import Person


class Writing(Struct, frozen=True, kw_only=True):
    """What posts and comments have in common; hydrated for one viewer, not yet narrowed.

    `after` is the position that the author had; `reached` how far the model that decides who may
    see whom was when this was read. `hidden_mentions` are the people named in the body of whom
    the viewer may not know.
    """

    post_id: UUID
    author: Person
    body: str
    mentions: tuple[Mention, ...] = ()
    hidden_mentions: frozenset[UUID] = frozenset()
    published_at: datetime
    edited_at: datetime | None = None
    reactions: int = 0
    reacted: bool = False
    after: Position = NOWHERE
    reached: Position = NOWHERE


class Post(Writing, frozen=True, kw_only=True):
    """A post. `viewer_chosen` says that the author chose the viewer; only the author sees `chosen`.

    `comments` counts the replies to comments, too.
    """

    audience: Audience
    chosen: tuple[UUID, ...] = ()
    viewer_chosen: bool = False
    allowed: Replies = Replies.EVERYBODY
    comments: int = 0
    bookmarked: bool = False


class Edit(Edge, frozen=True, kw_only=True):
    """What a post said until `since`, and for whom: a text stays with those that it was for."""

    body: str
    audience: Audience
    viewer_chosen: bool = False


class Comment(Writing, frozen=True, kw_only=True):
    """A comment on a post or, with `parent_id`, a reply to a comment."""

    comment_id: UUID
    parent_id: UUID | None = None
    replies: int = 0


class Reaction(Edge, frozen=True, kw_only=True):
    """That somebody reacted, the `id` of an edge; `after` and `reached` are as of writings."""

    after: Position = NOWHERE
    reached: Position = NOWHERE
