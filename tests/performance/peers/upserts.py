"""The row that each event of the mix writes, one statement each, for projectors of the usual kind.

The same rows as those of our read models, without the counts and without most indexes.
"""

from collections.abc import Mapping
from typing import Final

_TABLES: Final = """
    drop schema if exists {schema} cascade;
    create schema {schema};
    create table {schema}.accounts (
        account_id uuid primary key, email text not null, first_name text not null,
        last_name text not null, birth_date text not null, handle text not null,
        about text not null, registered_at timestamptz not null);
    create table {schema}.follows (
        target_id uuid, follower_id uuid, since timestamptz not null,
        primary key (target_id, follower_id));
    create table {schema}.blocks (
        blocker_id uuid, blocked_id uuid, since timestamptz not null,
        primary key (blocker_id, blocked_id));
    create table {schema}.posts (
        post_id uuid primary key, author_id uuid not null, body text not null,
        audience text not null, published_at timestamptz not null);
    create table {schema}.reactions (
        thing_id uuid, person_id uuid, post_id uuid not null, since timestamptz not null,
        primary key (thing_id, person_id));
    create table {schema}.bookmarks (
        person_id uuid, post_id uuid, since timestamptz not null,
        primary key (person_id, post_id));
    create table {schema}.places ("partition" text primary key, "offset" bigint not null)"""

_STATEMENTS: Final[Mapping[str, str]] = {
    "account.registered": """
        insert into {schema}.accounts
        values (%(account_id)s, %(email)s, %(first_name)s, %(last_name)s, %(birth_date)s,
            %(handle)s, %(about)s, %(at)s)
        on conflict (account_id) do update set about = excluded.about""",
    "account.profile_updated": """
        update {schema}.accounts set about = %(about)s where account_id = %(account_id)s""",
    "follow.established": """
        insert into {schema}.follows values (%(target_id)s, %(follower_id)s, %(at)s)
        on conflict (target_id, follower_id) do update set since = excluded.since""",
    "block.set": """
        insert into {schema}.blocks values (%(blocker_id)s, %(blocked_id)s, %(at)s)
        on conflict (blocker_id, blocked_id) do update set since = excluded.since""",
    "post.published": """
        insert into {schema}.posts
        values (%(post_id)s, %(author_id)s, %(body)s, %(audience)s, %(at)s)
        on conflict (post_id) do update set body = excluded.body""",
    "reaction.set": """
        insert into {schema}.reactions values (%(thing_id)s, %(person_id)s, %(post_id)s, %(at)s)
        on conflict (thing_id, person_id) do update set since = excluded.since""",
    "bookmark.set": """
        insert into {schema}.bookmarks values (%(person_id)s, %(post_id)s, %(at)s)
        on conflict (person_id, post_id) do update set since = excluded.since""",
}


def tables(schema: str) -> bytes:
    """What makes the tables, empty, in a schema of their own."""
    return _TABLES.format(schema=schema).encode()


def statements(schema: str) -> Mapping[str, bytes]:
    """By type of event; the values are the event's own, by name."""
    return {kind: text.format(schema=schema).encode() for kind, text in _STATEMENTS.items()}
