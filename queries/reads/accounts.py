"""Reads of accounts and profiles, from the views of the accounts and graph models."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct
from psycopg import sql

from queries.people import OwnPerson, Person
from queries.reads import counts
from queries.statement import Statement, statement
from queries.store import Reader, Row

# How the two follow each other is looked up by key: a join would be planned as a hash of all who
# follow the viewer, which takes long for those whom a million follow.
_PERSON: Final = sql.SQL("""
select a.account_id, a.handle, a.first_name, a.last_name, a.about, a.registered_at{more},
       -- Looked up once for the statement, whose snapshot all of this is from.
       a.written_offset <= coalesce(((select jsonb_object_agg(k.partition, k."offset")
          from checkpoints k where k.model = 'graph') ->> a.written_in)::bigint, -1) as settled,
       exists (select from private_accounts p where p.account_id = a.account_id) as private,
       {followers} as followers, {following} as following,
       a.account_id = %(viewer)s as own,
       coalesce((select e.state from follows e where e.target_id = a.account_id
          and e.follower_id = %(viewer)s), 'none') as viewer_follows,
       coalesce((select e.state from follows e where e.target_id = %(viewer)s
          and e.follower_id = a.account_id), 'none') as follows_viewer,
       exists (select from blocks b
          where b.blocker_id = %(viewer)s and b.blocked_id = a.account_id) as viewer_blocks,
       exists (select from blocks b
          where b.blocker_id = a.account_id and b.blocked_id = %(viewer)s) as blocks_viewer,
       exists (select from mutes m
          where m.muter_id = %(viewer)s and m.muted_id = a.account_id) as viewer_mutes
  from accounts a
  left join follower_counts c on c.account_id = a.account_id
 cross join lateral (select sum(n.following)::bigint as following
                       from following_counts n where n.account_id = a.account_id) f
 where {who}""")


def person_of(who: sql.SQL, more: sql.SQL = sql.SQL("")) -> sql.Composed:
    """Somebody as one stands to the viewer: the account `a` that `who` tells, with `more` of it.

    Part of a statement that begins with `counts.HIDING`.
    """
    counted = {"followers": counts.FOLLOWERS, "following": counts.FOLLOWING}
    return _PERSON.format(who=who, more=more, **counted)


def standing_of(who: sql.SQL) -> sql.Composed:
    """As `person_of`, with 0 for all counts: for who only asks what two are to each other."""
    none = sql.SQL("0")
    return _PERSON.format(who=who, more=sql.SQL(""), followers=none, following=none)


def _people(who: sql.SQL, more: sql.SQL = sql.SQL("")) -> Statement:
    return statement(counts.HIDING + person_of(who, more))


BY_IDS: Final = _people(sql.SQL("a.account_id = any(%(accounts)s::uuid[])"))

# While a handle passes on, two partitions may both name a holder for a moment: the later account
# is the one that claimed it.
_BY_HANDLE: Final = _people(
    sql.SQL("a.handle_hash = %(name)s order by a.registered_at desc limit 1")
)

_OWN: Final = _people(sql.SQL("a.account_id = %(viewer)s"), sql.SQL(", a.email, a.birth_date"))

_BY_HANDLES: Final = _people(
    sql.SQL("a.handle_hash = any(%(names)s) order by a.registered_at"),
    sql.SQL(", a.handle_hash as name"),
)

_HOLDERS: Final[Mapping[str, Statement]] = {
    "email": statement(
        sql.SQL("""select account_id, handle from accounts where email_hash = %(name)s
            order by registered_at desc limit 1""")
    ),
    "handle": statement(
        sql.SQL("""select account_id, handle from accounts where handle_hash = %(name)s
            order by registered_at desc limit 1""")
    ),
}


class Holder(Struct, frozen=True):
    """The account that holds a name, and its handle."""

    account_id: UUID
    handle: str


class NamedPerson(Person, frozen=True, kw_only=True):
    """Somebody with the keyed name of the handle."""

    name: str


async def people(reader: Reader, viewer: UUID, accounts: Sequence[UUID]) -> dict[UUID, Person]:
    """Those of `accounts` that exist, each as it stands to `viewer`. One round trip, or none."""
    if not accounts:
        return {}
    params = {"viewer": viewer, "accounts": list(accounts)}
    return {row.account_id: row for row in await reader.rows(Person, BY_IDS, params)}


async def person(reader: Reader, viewer: UUID, account: UUID) -> Person | None:
    """One account as it stands to `viewer`; None if there is none. One round trip."""
    return (await people(reader, viewer, [account])).get(account)


async def person_by_handle(reader: Reader, viewer: UUID, name: str) -> Person | None:
    """Who holds the handle whose keyed name is `name`; None if nobody. One round trip."""
    return _one(await reader.rows(Person, _BY_HANDLE, {"viewer": viewer, "name": name}))


async def people_by_handles(
    reader: Reader, viewer: UUID, names: Sequence[str]
) -> dict[str, Person]:
    """Who holds the handles, by the keyed names; those that nobody holds are missing.

    One round trip, or none.
    """
    if not names:
        return {}
    params = {"viewer": viewer, "names": list(names)}
    # The later account comes last, and stays.
    return {row.name: row for row in await reader.rows(NamedPerson, _BY_HANDLES, params)}


async def own(reader: Reader, account: UUID) -> OwnPerson | None:
    """The account as its owner sees it; None if there is none. One round trip."""
    return _one(await reader.rows(OwnPerson, _OWN, {"viewer": account}))


async def holder(reader: Reader, name: str) -> Holder | None:
    """Which account holds the name, `email:` or `handle:` and its keyed hash; None if nobody.

    One round trip. Raises KeyError for another kind of name.
    """
    kind = name.partition(":")[0]
    return _one(await reader.rows(Holder, _HOLDERS[kind], {"name": name}))


def _one(rows: list[Row]) -> Row | None:
    return rows[0] if rows else None
