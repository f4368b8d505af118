"""Counts as one viewer may know them: like the lists, without people whom a block hides.

A count that is ahead of its list would tell of a block. The model keeps the total; looked up for
each row, and taken off it, is what the people do there who are hidden from the viewer. Where those
are more than `HIDDEN_MAX`, totals stand as they are: a person whom so many block has no count to
learn it from, and must not make every page slow.
"""

from typing import Final

from psycopg import sql

HIDDEN_MAX: Final = 1000

HIDDEN_IDS: Final = sql.SQL("""
    select case when count(*) > {most} then '{{}}' else coalesce(array_agg(h.id), '{{}}') end as ids
      from (select blocked_id as id from blocks where blocker_id = %(viewer)s
             union
            select blocker_id from blocks where blocked_id = %(viewer)s
             limit {most} + 1) h""").format(most=HIDDEN_MAX)
"""Those who are hidden from the viewer."""

HIDING: Final = sql.SQL("""
with hiding as materialized ({ids})""").format(ids=HIDDEN_IDS)
"""Goes before every statement with counts: those who are hidden from the viewer, found once."""

# One look into an index for each of them, however many others there are.
_HIDDEN: Final = sql.SQL("""(
          select coalesce(sum(({found})), 0)::bigint
            from unnest((select ids from hiding)) h (id))""")


def _shown(total: sql.Identifier, found: sql.SQL) -> sql.Composed:
    return sql.SQL("coalesce({total}, 0) - {hidden}").format(
        total=total, hidden=_HIDDEN.format(found=found)
    )


FOLLOWERS: Final = _shown(
    sql.Identifier("c", "followers"),
    sql.SQL("""select count(*) from follows e where e.target_id = a.account_id
               and e.follower_id = h.id and e.state = 'established'"""),
)
"""Followers of the account `a`, of whom `c` has the total."""

FOLLOWING: Final = _shown(
    sql.Identifier("f", "following"),
    sql.SQL("""select count(*) from follows e where e.follower_id = a.account_id
               and e.target_id = h.id and e.state = 'established'"""),
)
"""Whom the account `a` follows, of whom `f` has the total."""

POST_REACTIONS: Final = _shown(
    sql.Identifier("r", "reactions"),
    sql.SQL("""select count(*) from reactions e where e.thing_id = t.post_id
               and e.person_id = h.id"""),
)
"""Reactions to the post `t`, of which `r` has the total."""

COMMENT_REACTIONS: Final = _shown(
    sql.Identifier("r", "reactions"),
    sql.SQL("""select count(*) from reactions e where e.thing_id = t.comment_id
               and e.person_id = h.id"""),
)
"""Reactions to the comment `t`, of which `r` has the total."""

REPLIES: Final = _shown(
    sql.Identifier("c", "replies"),
    sql.SQL("""select count(*) from comments e where e.post_id = t.post_id
               and e.author_id = h.id and e.parent_id = t.comment_id"""),
)
"""Replies to the comment `t`, of which `c` has the total."""

COMMENTS: Final = _shown(
    sql.Identifier("c", "comments"),
    # What hides a comment hides the replies to it; those of hidden people are found by themselves.
    sql.SQL("""select count(*) + coalesce(sum((
                     select count(*) from comments o
                      where o.post_id = e.post_id and o.parent_id = e.comment_id
                        and o.author_id <> all ((select ids from hiding)::uuid[]))), 0)
                 from comments e where e.post_id = t.post_id and e.author_id = h.id"""),
)
"""Comments and replies on the post `t`, of which `c` has the total."""
