"""Reads of comments: which belong to a post or another comment, and their content."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from psycopg import sql

from queries.paging import Edge
from queries.posts import Comment
from queries.reads import counts
from queries.reads.graph import NOT_BLOCKED
from queries.reads.posts import AUTHOR, JUDGED
from queries.statement import Statement, statement
from queries.store import Reader

_COMMENTS: Final = sql.SQL("""{hiding}
select t.comment_id, t.post_id, t.parent_id, to_jsonb(author) as author, t.body, t.mentions,
       t.published_at, t.edited_at, {judged},
       {replies} as replies, {reactions} as reactions,
       exists (select from reactions o
          where o.thing_id = t.comment_id and o.person_id = %(viewer)s) as reacted
  from comments t
 cross join lateral ({author}) author
  left join reply_counts c on c.parent_id = t.comment_id
  left join reaction_counts r on r.thing_id = t.comment_id
 where {which}""")


def _comments_query(which: sql.SQL) -> Statement:
    counted = {"replies": counts.REPLIES, "reactions": counts.COMMENT_REACTIONS}
    read = {"hiding": counts.HIDING, "judged": JUDGED, "author": AUTHOR}
    return statement(_COMMENTS.format(which=which, **read, **counted))


_BY_IDS: Final = _comments_query(sql.SQL("t.comment_id = any (%(comments)s::uuid[])"))

_THREAD: Final = _comments_query(
    sql.SQL("""t.comment_id in (
       select unnest(array[one.comment_id, one.parent_id])
         from comments one where one.comment_id = %(comment)s)""")
)

_PLACES: Final = """
select e.comment_id as id, e.published_at as since
  from comments e
 where e.post_id = %(post)s and {under}
   and (e.published_at, e.comment_id) {beyond} (%(since)s, %(id)s){not_blocked}
 order by e.published_at {order}, e.comment_id {order}
 limit %(limit)s"""


def _places(under: str, *, newest: bool = False) -> Statement:
    # Those whom a block hides cost no place: a page with a gap would tell of them.
    query = sql.SQL(_PLACES).format(
        under=sql.SQL(under),
        beyond=sql.SQL("<" if newest else ">"),
        order=sql.SQL("desc" if newest else "asc"),
        not_blocked=sql.SQL(NOT_BLOCKED).format(other=sql.Identifier("author_id")),
    )
    return statement(query)


OLDEST: Final = _places("e.parent_id is null")
NEWEST: Final = _places("e.parent_id is null", newest=True)
REPLIES: Final = _places("e.parent_id = %(parent)s")
"""Statements for the parameters of `place`; `parent` is only used by the last one."""


async def comments(reader: Reader, viewer: UUID, wanted: Sequence[UUID]) -> dict[UUID, Comment]:
    """Those of `wanted` that exist, each as it stands to `viewer`. One round trip, or none."""
    if not wanted:
        return {}
    params = {"viewer": viewer, "comments": list(wanted)}
    return {row.comment_id: row for row in await reader.rows(Comment, _BY_IDS, params)}


async def thread(
    reader: Reader, viewer: UUID, wanted: UUID
) -> tuple[Comment | None, Comment | None]:
    """One comment and the one that it replies to, each None if absent. One round trip."""
    params = {"viewer": viewer, "comment": wanted}
    found = {row.comment_id: row for row in await reader.rows(Comment, _THREAD, params)}
    comment = found.get(wanted)
    parent = comment.parent_id if comment else None
    return comment, found.get(parent) if parent else None


async def under_post(
    reader: Reader, viewer: UUID, post: UUID, after: Edge, limit: int, *, newest: bool
) -> list[Edge]:
    """At most `limit` comments on the post itself, oldest or newest first. One round trip."""
    params = place(viewer, post, None, after, limit)
    return await reader.rows(Edge, NEWEST if newest else OLDEST, params)


async def under_comment(
    reader: Reader, viewer: UUID, post: UUID, parent: UUID, after: Edge, limit: int
) -> list[Edge]:
    """At most `limit` replies to the comment, oldest first. One round trip."""
    return await reader.rows(Edge, REPLIES, place(viewer, post, parent, after, limit))


def place(
    viewer: UUID, post: UUID, parent: UUID | None, after: Edge, limit: int
) -> dict[str, object]:
    """The parameters of a page of comments. `viewer` only leaves out whom a block hides."""
    return {
        "viewer": viewer,
        "post": post,
        "parent": parent,
        "since": after.since,
        "id": after.id,
        "limit": limit,
    }
