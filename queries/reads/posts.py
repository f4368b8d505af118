"""Reads of posts: loaded for one viewer, with their edit history and who reacted."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from psycopg import sql

from events.graph import Following
from queries.paging import Edge
from queries.posts import Edit, Post, Reaction
from queries.reads import counts
from queries.reads.accounts import person_of
from queries.reads.graph import NOT_BLOCKED
from queries.statement import statement
from queries.store import Reader

AUTHOR: Final = person_of(sql.SQL("a.account_id = t.author_id"))
"""Who wrote the row of `t`, as one stands to the viewer."""

REACHED: Final = sql.SQL("""(select coalesce(jsonb_object_agg(k.partition, k."offset"), '{}')
       from checkpoints k where k.model = 'graph')""")
"""How far the model is that decides who may see whom; looked up once for a statement.

A statement has one snapshot: whatever it reads beside this is just as new.
"""

JUDGED: Final = sql.SQL("""
    t.after, {reached} as reached,
    array(select distinct named.id
       from (select (n.value ->> 2)::uuid as id from jsonb_array_elements(t.mentions) n) named
      where (select a.account_id from accounts a where a.account_id = named.id) is null
         or exists (select from blocks b
              where b.blocker_id = %(viewer)s and b.blocked_id = named.id)
         or exists (select from blocks b
              where b.blocker_id = named.id and b.blocked_id = %(viewer)s)
    ) as hidden_mentions""").format(reached=REACHED)
"""What the rules of queries.visibility_posts need to know of a row of `t` besides its columns."""

_POSTS: Final = sql.SQL("""{hiding}
select t.post_id, to_jsonb(author) as author, t.body, t.mentions, t.audience, t.chosen,
       t.replies as allowed, t.published_at, t.edited_at, {judged},
       %(viewer)s = any (t.chosen) as viewer_chosen,
       {comments} as comments, {reactions} as reactions,
       exists (select from reactions o
          where o.thing_id = t.post_id and o.person_id = %(viewer)s) as reacted,
       exists (select from bookmarks o
          where o.person_id = %(viewer)s and o.post_id = t.post_id) as bookmarked{more}
  from posts t
 cross join lateral ({author}) author
  left join comment_counts c on c.post_id = t.post_id
  left join reaction_counts r on r.thing_id = t.post_id
 where t.post_id = any (%(posts)s::uuid[])""")


def hydrating(more: sql.SQL | sql.Composed = sql.SQL("")) -> sql.Composed:
    """The posts with the ids of `posts` as they stand to the viewer, with `more` columns."""
    return _POSTS.format(
        hiding=counts.HIDING,
        judged=JUDGED,
        author=AUTHOR,
        comments=counts.COMMENTS,
        reactions=counts.POST_REACTIONS,
        more=more,
    )


BY_IDS: Final = statement(hydrating())

# The number of an edit takes the place of an id: it tells apart what happened at one instant.
_EDITS: Final = statement(
    sql.SQL("""
select lpad(to_hex(e.edit), 32, '0')::uuid as id, e.until as since, e.body, e.audience,
       %(viewer)s = any (e.chosen) as viewer_chosen
  from post_edits e
 where e.post_id = %(post)s and (e.until, e.edit) < (%(since)s, %(edit)s)
   and (%(own)s or case e.audience
       when 'public' then true
       when 'followers' then %(follows)s
       when 'selected' then %(follows)s and %(viewer)s = any (e.chosen)
       end)
 order by e.until desc, e.edit desc
 limit %(limit)s""")
)

_REACTIONS: Final = statement(
    sql.SQL("""
select e.person_id as id, e.since, e.after, {reached} as reached
  from reactions e
 where e.thing_id = %(thing)s and (e.since, e.person_id) < (%(since)s, %(id)s){not_blocked}
 order by e.since desc, e.person_id desc
 limit %(limit)s""").format(
        reached=REACHED, not_blocked=sql.SQL(NOT_BLOCKED).format(other=sql.Identifier("person_id"))
    )
)

_EDIT_MAX: Final = (1 << 63) - 1


async def posts(reader: Reader, viewer: UUID, wanted: Sequence[UUID]) -> dict[UUID, Post]:
    """Those of `wanted` that exist, each as it stands to `viewer`. One round trip, or none."""
    if not wanted:
        return {}
    params = {"viewer": viewer, "posts": list(wanted)}
    return {row.post_id: row for row in await reader.rows(Post, BY_IDS, params)}


async def post(reader: Reader, viewer: UUID, wanted: UUID) -> Post | None:
    """One post as it stands to `viewer`; None if there is none. One round trip."""
    return (await posts(reader, viewer, [wanted])).get(wanted)


async def edits(reader: Reader, viewer: UUID, of: Post, after: Edge, limit: int) -> list[Edit]:
    """At most `limit` earlier texts of the post, newest first. One round trip.

    What the viewer may not see is left out here already, so that it costs no place on a page.
    """
    params = {
        "viewer": viewer,
        "post": of.post_id,
        "own": of.author.own,
        "follows": of.author.viewer_follows is Following.ESTABLISHED,
        "since": after.since,
        "edit": min(after.id.int, _EDIT_MAX),
        "limit": limit,
    }
    return await reader.rows(Edit, _EDITS, params)


async def reactions(
    reader: Reader, viewer: UUID, thing: UUID, after: Edge, limit: int
) -> list[Reaction]:
    """At most `limit` people who reacted to the thing, newest first. One round trip."""
    params = {"viewer": viewer, "thing": thing, "limit": limit, **_place(after)}
    return await reader.rows(Reaction, _REACTIONS, params)


def _place(after: Edge) -> dict[str, object]:
    return {"since": after.since, "id": after.id}
