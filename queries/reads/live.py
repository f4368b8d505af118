"""Reads for live updates: posts, comments and people, as they relate to many viewers at once.

A statement has its viewers in rows: what is asked for a thousand open pages takes as many round
trips as for one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from msgspec import Struct
from psycopg import sql

from events.position import NOWHERE, Position
from events.posts import Audience
from queries.people import Person
from queries.posts import Reaction
from queries.reads import counts
from queries.reads.accounts import standing_of
from queries.reads.posts import REACHED
from queries.statement import statement
from queries.store import Reader

_POSTS: Final = statement(
    sql.SQL("""
select t.post_id, t.author_id, t.audience, t.chosen, t.published_at, t.after, {reached} as reached
  from posts t
 where t.post_id = any (%(posts)s::uuid[])""").format(reached=REACHED)
)

_COMMENTS: Final = statement(
    sql.SQL("""
select t.comment_id, t.post_id, t.parent_id, t.author_id, t.published_at, t.after,
       {reached} as reached
  from comments t
 where t.comment_id in (
       select unnest(array[one.comment_id, one.parent_id])
         from comments one where one.comment_id = any (%(comments)s::uuid[]))""").format(
        reached=REACHED
    )
)

_REACTIONS: Final = statement(
    sql.SQL("""
select e.thing_id, e.person_id as id, e.since, e.after, {reached} as reached
  from unnest(%(things)s::uuid[], %(people)s::uuid[]) w (thing_id, person_id)
  join reactions e on e.thing_id = w.thing_id and e.person_id = w.person_id""").format(
        reached=REACHED
    )
)


def _by_row(part: sql.Composed) -> sql.SQL:
    """The very part that reads for one viewer, for the viewer of the row `w`."""
    text = part.as_string().replace("%(viewer)s", "w.viewer_id")
    return sql.SQL(text.replace("(select ids from hiding)", "hiding.ids"))


# Of home feeds most turn out to be a stranger's: one look into an index leaves those out.
_STANDINGS: Final = statement(
    sql.SQL("""
select w.viewer_id, person.*
  from (select u.viewer_id, u.account_id
          from unnest(%(viewers)s::uuid[], %(accounts)s::uuid[], %(followed)s::bool[])
               u (viewer_id, account_id, followed)
          left join follows f on f.target_id = u.account_id and f.follower_id = u.viewer_id
         where not u.followed or f.state = 'established' or u.account_id = u.viewer_id) w
 cross join lateral ({person}) person""").format(
        person=_by_row(standing_of(sql.SQL("a.account_id = w.account_id")))
    )
)

_COUNTS: Final = statement(
    sql.SQL("""
select w.post_id, w.viewer_id, {comments} as comments, {reactions} as reactions
  from unnest(%(posts)s::uuid[], %(viewers)s::uuid[]) w (post_id, viewer_id)
  join posts t on t.post_id = w.post_id
  left join comment_counts c on c.post_id = w.post_id
  left join reaction_counts r on r.thing_id = w.post_id
 cross join lateral ({hidden}) hiding""").format(
        comments=_by_row(counts.COMMENTS),
        reactions=_by_row(counts.POST_REACTIONS),
        hidden=_by_row(counts.HIDDEN_IDS),
    )
)

_WRITTEN: Final = statement(
    sql.SQL("""
select p.post_id from posts p
 where p.author_id = %(author)s and p.post_id = any (%(posts)s::uuid[])""")
)


class PostFacts(Struct, frozen=True):
    """A post apart from any viewer; `after` and `reached` as of `queries.posts.Writing`."""

    post_id: UUID
    author_id: UUID
    audience: Audience
    chosen: tuple[UUID, ...]
    published_at: datetime
    after: Position = NOWHERE
    reached: Position = NOWHERE


class CommentFacts(Struct, frozen=True):
    """A comment apart from any viewer."""

    comment_id: UUID
    post_id: UUID
    author_id: UUID
    published_at: datetime
    parent_id: UUID | None = None
    after: Position = NOWHERE
    reached: Position = NOWHERE


class Reacted(Reaction, frozen=True, kw_only=True):
    """A reaction to a thing."""

    thing_id: UUID


class Standing(Person, frozen=True, kw_only=True):
    """Somebody as one stands to `viewer_id`."""

    viewer_id: UUID


class Pair(NamedTuple):
    """Somebody and a viewer."""

    viewer_id: UUID
    account_id: UUID


class Counts(Struct, frozen=True):
    """What a post counts for a viewer, without what is hidden from them."""

    post_id: UUID
    viewer_id: UUID
    comments: int
    reactions: int


class _Written(Struct, frozen=True):
    post_id: UUID


async def posts(reader: Reader, wanted: Sequence[UUID]) -> dict[UUID, PostFacts]:
    """Those of `wanted` that exist. One round trip, or none."""
    if not wanted:
        return {}
    rows = await reader.rows(PostFacts, _POSTS, {"posts": list(wanted)})
    return {row.post_id: row for row in rows}


async def comments(reader: Reader, wanted: Sequence[UUID]) -> dict[UUID, CommentFacts]:
    """Those of `wanted` that exist, and what they reply to. One round trip, or none."""
    if not wanted:
        return {}
    rows = await reader.rows(CommentFacts, _COMMENTS, {"comments": list(wanted)})
    return {row.comment_id: row for row in rows}


async def reactions(
    reader: Reader, wanted: Sequence[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], Reaction]:
    """Those of `wanted`, pairs of thing and person, that exist. One round trip, or none."""
    if not wanted:
        return {}
    things, people = map(list, zip(*wanted, strict=True))
    rows = await reader.rows(Reacted, _REACTIONS, {"things": things, "people": people})
    return {(row.thing_id, row.id): row for row in rows}


async def standings(
    reader: Reader, everybody: Iterable[Pair], followed: Iterable[Pair]
) -> dict[Pair, Person]:
    """How people stand to viewers, without those that do not exist. One round trip, or none.

    Of `followed` those are left out whom the viewer does not follow, and does not happen to be.
    """
    wanted = dict.fromkeys(followed, True) | dict.fromkeys(everybody, False)
    if not wanted:
        return {}
    viewers, accounts = map(list, zip(*wanted, strict=True))
    params = {"viewers": viewers, "accounts": accounts, "followed": list(wanted.values())}
    rows = await reader.rows(Standing, _STANDINGS, params)
    return {Pair(row.viewer_id, row.account_id): row for row in rows}


async def counted(
    reader: Reader, wanted: Sequence[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], Counts]:
    """What posts count for viewers, by `wanted` pairs of them. One round trip, or none."""
    if not wanted:
        return {}
    of, viewers = map(list, zip(*wanted, strict=True))
    rows = await reader.rows(Counts, _COUNTS, {"posts": of, "viewers": viewers})
    return {(row.post_id, row.viewer_id): row for row in rows}


async def written_by(reader: Reader, author: UUID, among: Sequence[UUID]) -> list[UUID]:
    """Which of some posts the person wrote. One round trip."""
    rows = await reader.rows(_Written, _WRITTEN, {"author": author, "posts": list(among)})
    return [row.post_id for row in rows]
