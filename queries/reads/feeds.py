"""Skeletons of feeds: the ids of their posts, newest first, without content.

What the viewer may not see is left out here already, so that it costs no place on a page: a gap
would tell of it. queries.visibility_posts judges what remains all the same.
"""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from psycopg import sql

from queries.paging import Edge
from queries.reads.graph import NOT_BLOCKED
from queries.statement import Statement, statement
from queries.store import Reader

_NOT_MUTED: Final = """
   and not exists (select from mutes m
          where m.muter_id = %(viewer)s and m.muted_id = e.{other})"""

NO_BLOCK: Final = sql.SQL(NOT_BLOCKED).format(other=sql.Identifier("author_id"))
NO_MUTE: Final = sql.SQL(_NOT_MUTED).format(other=sql.Identifier("author_id"))

# Scalar subqueries: each is one look into a primary key. An `exists` here would be planned as a
# hash of all public accounts, or of all whom the viewer follows, for one page.
_SEEN: Final = sql.SQL("""{no_block}
   and (e.author_id = %(viewer)s or case e.audience
       when 'public' then (select p.account_id from private_accounts p
          where p.account_id = e.author_id) is null or {follows}
       when 'followers' then {follows}
       when 'selected' then %(viewer)s = any (e.chosen) and {follows}
       end)""").format(
    no_block=NO_BLOCK,
    follows=sql.SQL("""coalesce((select f.state = 'established' from follows f
          where f.target_id = e.author_id and f.follower_id = %(viewer)s), false)"""),
)

EXPLORE: Final = statement(
    sql.SQL("""
select e.post_id as id, e.published_at as since
  from posts e
 where e.audience = 'public' and (e.published_at, e.post_id) < (%(since)s, %(id)s){seen}{no_mute}
 order by e.published_at desc, e.post_id desc
 limit %(limit)s""").format(seen=_SEEN, no_mute=NO_MUTE)
)

OF_PERSON: Final = statement(
    sql.SQL("""
select e.post_id as id, e.published_at as since
  from posts e
 where e.author_id = %(author)s and (e.published_at, e.post_id) < (%(since)s, %(id)s){seen}
 order by e.published_at desc, e.post_id desc
 limit %(limit)s""").format(seen=_SEEN)
)

BOOKMARKS: Final = statement(
    sql.SQL("""
select b.post_id as id, b.since
  from bookmarks b
  join posts e on e.post_id = b.post_id
 where b.person_id = %(viewer)s and (b.since, b.post_id) < (%(since)s, %(id)s){seen}
 order by b.since desc, b.post_id desc
 limit %(limit)s""").format(seen=_SEEN)
)

# Of somebody whom the viewer follows, with no block between: only the chosen matter any more.
_LATEST: Final = """
      (select p.post_id as id, p.published_at as since
         from posts p
        where p.author_id = author.id and (p.published_at, p.post_id) < (%(since)s, %(id)s)
          and (p.audience <> 'selected' or author.id = %(viewer)s or %(viewer)s = any (p.chosen))
        order by p.published_at desc, p.post_id desc
        limit {limit})"""

# A page of n posts has n authors at most: those of the n newest latest posts. To find them takes
# one look into the index for everybody who is followed, however much each of them writes.
_HOME: Final = sql.SQL("""
with followed as materialized (
    select e.target_id as id
      from follows e
     where e.follower_id = %(viewer)s and e.state = 'established'{no_block}{no_mute}{whom}
), author as materialized (
    select author.id
      from followed author
     cross join lateral {latest} post
     order by post.since desc, post.id desc
     limit %(limit)s
)
select post.id, post.since
  from author
 cross join lateral {latest_of_page} post
 order by post.since desc, post.id desc
 limit %(limit)s""")


def _home(whom: sql.SQL) -> Statement:
    query = _HOME.format(
        no_block=sql.SQL(NOT_BLOCKED).format(other=sql.Identifier("target_id")),
        no_mute=sql.SQL(_NOT_MUTED).format(other=sql.Identifier("target_id")),
        whom=whom,
        latest=sql.SQL(_LATEST).format(limit=sql.SQL("1")),
        latest_of_page=sql.SQL(_LATEST).format(limit=sql.SQL("%(limit)s")),
    )
    return statement(query)


HOME: Final = _home(
    sql.SQL("""
     union all
    select %(viewer)s""")
)
HOME_OF: Final = _home(sql.SQL(" and e.target_id = any (%(authors)s::uuid[])"))


async def home(reader: Reader, viewer: UUID, after: Edge, limit: int) -> list[Edge]:
    """At most `limit` posts of whom the viewer follows, and own ones. One round trip.

    Muted people are left out.
    """
    return await reader.rows(Edge, HOME, place(viewer, after, limit))


async def home_of(
    reader: Reader, viewer: UUID, authors: Collection[UUID], after: Edge, limit: int
) -> list[Edge]:
    """As `home`, of nobody but those of `authors` whom the viewer follows. One round trip."""
    params = {**place(viewer, after, limit), "authors": list(authors)}
    return await reader.rows(Edge, HOME_OF, params)


async def explore(reader: Reader, viewer: UUID, after: Edge, limit: int) -> list[Edge]:
    """At most `limit` public posts of anybody but muted people. One round trip."""
    return await reader.rows(Edge, EXPLORE, place(viewer, after, limit))


async def of_person(
    reader: Reader, viewer: UUID, author: UUID, after: Edge, limit: int
) -> list[Edge]:
    """At most `limit` posts of one person, muted or not. One round trip."""
    params = {**place(viewer, after, limit), "author": author}
    return await reader.rows(Edge, OF_PERSON, params)


async def bookmarks(reader: Reader, viewer: UUID, after: Edge, limit: int) -> list[Edge]:
    """At most `limit` posts that the viewer bookmarked, by when that was. One round trip."""
    return await reader.rows(Edge, BOOKMARKS, place(viewer, after, limit))


def place(viewer: UUID, after: Edge, limit: int) -> dict[str, object]:
    """The parameters of a page that all feeds have."""
    return {"viewer": viewer, "since": after.since, "id": after.id, "limit": limit}
