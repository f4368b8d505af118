"""Skeletons of lists of people: their ids, newest first, without content."""

from typing import Final
from uuid import UUID

from msgspec import Struct
from psycopg import sql

from queries.paging import Edge
from queries.statement import Statement, statement
from queries.store import Reader

NOT_BLOCKED: Final = """
   and not exists (select from blocks b
          where b.blocker_id = %(viewer)s and b.blocked_id = e.{other})
   and not exists (select from blocks b
          where b.blocker_id = e.{other} and b.blocked_id = %(viewer)s)"""
"""Leaves out of a list `e` those in its column `other` whom a block hides from the viewer.

A hidden person must not cost a place: a page with a gap would tell of them. queries.visibility
judges what remains all the same.
"""

_PAGE: Final = """
select e.{other} as id, e.since
  from {table} e
 where e.{owner} = %(owner)s{narrowed} and (e.since, e.{other}) < (%(since)s, %(id)s)
 order by e.since desc, e.{other} desc
 limit %(limit)s"""


class PeopleList(Struct, frozen=True):
    """A list of people that belongs to one account.

    `name` goes into cursors. `owner` and `other` are the columns of `table` that hold the account
    and the people in its list; `state` picks follows; `blocked` is True for the one list that is
    about blocks.
    """

    name: str
    table: str
    owner: str
    other: str
    state: str = ""
    blocked: bool = False


FOLLOWERS: Final = PeopleList("followers", "follows", "target_id", "follower_id", "established")
FOLLOWING: Final = PeopleList("following", "follows", "follower_id", "target_id", "established")
INCOMING: Final = PeopleList("incoming", "follows", "target_id", "follower_id", "requested")
OUTGOING: Final = PeopleList("outgoing", "follows", "follower_id", "target_id", "requested")
BLOCKED: Final = PeopleList("blocked", "blocks", "blocker_id", "blocked_id", blocked=True)
MUTED: Final = PeopleList("muted", "mutes", "muter_id", "muted_id")

LISTS: Final = (FOLLOWERS, FOLLOWING, INCOMING, OUTGOING, BLOCKED, MUTED)


def _statement(people: PeopleList) -> Statement:
    names = {
        "table": sql.Identifier(people.table),
        "owner": sql.Identifier(people.owner),
        "other": sql.Identifier(people.other),
    }
    state = sql.SQL(" and e.state = {}").format(people.state) if people.state else sql.SQL("")
    hidden = sql.SQL("") if people.blocked else sql.SQL(NOT_BLOCKED).format(**names)
    return statement(sql.SQL(_PAGE).format(narrowed=state + hidden, **names))


STATEMENTS: Final = {people.name: _statement(people) for people in LISTS}
"""The statement of each list by its name, for the parameters of `place`."""


async def edges(
    reader: Reader, people: PeopleList, viewer: UUID, owner: UUID, below: Edge, limit: int
) -> list[Edge]:
    """At most `limit` places of the list of `owner` that come after `below`. One round trip.

    Newest first, equal times by id. `viewer` only leaves out those whom a block hides.
    """
    params = place(viewer, owner, below, limit)
    return await reader.rows(Edge, STATEMENTS[people.name], params)


def place(viewer: UUID, owner: UUID, below: Edge, limit: int) -> dict[str, object]:
    """The parameters of a page of the list of `owner`."""
    return {
        "viewer": viewer,
        "owner": owner,
        "since": below.since,
        "id": below.id,
        "limit": limit,
    }
