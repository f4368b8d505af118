"""Reads for cached timelines: what fills one, and what judges it when it is used."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg import sql

from infra.redis.port import NO_RECORD, Place
from queries.paging import Edge
from queries.posts import Post
from queries.reads.feeds import NO_BLOCK, NO_MUTE
from queries.reads.posts import hydrating
from queries.statement import statement
from queries.store import Reader

OF_AUTHOR_MIN: Final = 100
CANDIDATES_MAX: Final = 40_000
"""A refill reads so many entries of an index at most, but the newest 100 of everybody anyway."""

# Evaluated once for the statement, in its snapshot. As text: it is in every row, and read in one.
_LANES: Final = sql.SQL("""
    (select json_build_array((extract(epoch from now()) * 1000000)::bigint,
            coalesce(json_object_agg(c.model || '/' || c.partition, json_build_array(
                c.build || '.' || c.revision, c."offset", coalesce(c.last_id::text, {none}))),
                '{{}}'))
       from checkpoints c where c.model in ('posts', 'graph'))::text as lanes""").format(
    none=sql.Literal(NO_RECORD)
)

_ONLY_LANES: Final = statement(sql.SQL("select {lanes}").format(lanes=_LANES))

_HYDRATED: Final = statement(hydrating(sql.SQL(",") + _LANES))

_BELONGING: Final = statement(
    sql.SQL("""
select e.post_id as id, e.published_at as since
  from posts e
 where e.post_id = any (%(posts)s::uuid[])
   and (e.author_id = %(viewer)s or (
          coalesce((select f.state = 'established' from follows f
             where f.target_id = e.author_id and f.follower_id = %(viewer)s), false)
          and (e.audience <> 'selected' or %(viewer)s = any (e.chosen)){no_block}{no_mute}))
 order by e.published_at desc, e.post_id desc
 limit %(limit)s""").format(no_block=NO_BLOCK, no_mute=NO_MUTE)
)

# Everything that those write whom the viewer follows, hidden and muted or not: reads leave that
# out, and may find it in its place again tomorrow.
_CANDIDATES: Final = statement(
    sql.SQL("""
with followed as materialized (
    select f.target_id as id
      from follows f where f.follower_id = %(viewer)s and f.state = 'established'
     union all
    select %(viewer)s
), depth as materialized (
    select least(%(limit)s, greatest(%(of_author_min)s, %(candidates_max)s / count(*)))::int as most
      from followed
), author as materialized (
    select author.id
      from followed author
     cross join lateral (select p.published_at as since, p.post_id
          from posts p where p.author_id = author.id
         order by p.published_at desc, p.post_id desc limit 1) latest
     order by latest.since desc, latest.post_id desc
     limit %(limit)s
), newest as materialized (
    select post.id, post.since, post.nth
      from author
     cross join lateral (select p.post_id as id, p.published_at as since,
               row_number() over (order by p.published_at desc, p.post_id desc) as nth
          from posts p where p.author_id = author.id
         order by p.published_at desc, p.post_id desc
         limit (select most from depth)) post
)
select n.id, n.since,
       (select max(c.since) from newest c where c.nth = (select most from depth)) as cut
  from newest n
 order by n.since desc, n.id desc
 limit %(limit)s""")
)


# One row at least, so that the lanes are always of the same snapshot.
_OWED: Final = statement(
    sql.SQL("""
select {lanes}, p.id, p.since, p.author
  from (select) one
  left join (
    select p.post_id as id, p.published_at as since, p.author_id as author
      from posts p
     where p.published_at > %(floor)s and (p.author_id = %(viewer)s or p.author_id in (
           select f.target_id from follows f
            where f.follower_id = %(viewer)s and f.state = 'established'))) p on true""").format(
        lanes=_LANES
    )
)


class Lanes(Struct, frozen=True):
    """Where the lanes were in the snapshot of a statement that began at `now` (microseconds)."""

    now: int
    places: Mapping[str, Place]


class Candidate(Edge, frozen=True, kw_only=True):
    """A post that may belong in a home. Of its author nothing up to `cut` was read, if at all."""

    cut: datetime | None


class Owed(Edge, frozen=True, kw_only=True):
    """A post that a timeline should have, unless its author is merged."""

    author: UUID


class _Row(Struct, frozen=True):
    lanes: str


class _OwedRow(Struct, frozen=True):
    lanes: str
    id: UUID | None
    since: datetime | None
    author: UUID | None


class _Hydrated(Post, frozen=True, kw_only=True):
    lanes: str


class _Stored(Struct, frozen=True, array_like=True):
    now: int
    places: dict[str, tuple[str, int, str]]


_decoder: Final = msgspec.json.Decoder(_Stored)


async def hydrated(
    reader: Reader, viewer: UUID, wanted: Sequence[UUID]
) -> tuple[dict[UUID, Post], Lanes]:
    """Those of `wanted` that exist, as they stand to `viewer`, and where the lanes were just then.

    One round trip, or two where none of them exists.
    """
    rows: list[_Hydrated] = []
    if wanted:
        params = {"viewer": viewer, "posts": list(wanted)}
        rows = await reader.rows(_Hydrated, _HYDRATED, params)
    if not rows:
        return {}, await lanes(reader)
    return {row.post_id: row for row in rows}, _lanes(rows[0].lanes)


async def lanes(reader: Reader) -> Lanes:
    """Where the lanes are. One round trip."""
    [row] = await reader.rows(_Row, _ONLY_LANES, {})
    return _lanes(row.lanes)


async def belonging(
    reader: Reader, viewer: UUID, posts: Collection[UUID], limit: int
) -> list[Edge]:
    """At most `limit` of these posts that belong in the viewer's home, newest first.

    One round trip. As queries.visibility_posts.belongs_home, without reading the posts.
    """
    params = {"viewer": viewer, "posts": list(posts), "limit": limit}
    return await reader.rows(Edge, _BELONGING, params)


async def candidates(reader: Reader, viewer: UUID, limit: int) -> list[Candidate]:
    """The newest `limit` posts that may belong in the viewer's home. One round trip."""
    params = {
        "viewer": viewer,
        "limit": limit,
        "of_author_min": OF_AUTHOR_MIN,
        "candidates_max": CANDIDATES_MAX,
    }
    return await reader.rows(Candidate, _CANDIDATES, params)


async def owed(reader: Reader, viewer: UUID, floor: datetime) -> tuple[list[Owed], Lanes]:
    """All posts after `floor` of whom the viewer follows, and own ones, and where the lanes were.

    As many as there are: for those who compare, not for those who read. One round trip.
    """
    params = {"viewer": viewer, "floor": floor}
    rows = await reader.rows(_OwedRow, _OWED, params)
    found = [
        Owed(id=row.id, since=row.since, author=row.author)
        for row in rows
        if row.id is not None and row.since is not None and row.author is not None
    ]
    return found, _lanes(rows[0].lanes)


def _lanes(text: str) -> Lanes:
    stored = _decoder.decode(text)
    return Lanes(stored.now, {lane: Place(*place) for lane, place in stored.places.items()})
