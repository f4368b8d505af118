"""The read models as they stand in Postgres, beside the rows that the log comes to."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from msgspec import Struct
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from tests.judge.evidence import Evidence, Snapshot
from tests.judge.findings import Finding
from tests.judge.fold import Fold
from tests.judge.past import Row


class Judged(Struct, frozen=True):
    """A view that is judged: the model that keeps it, its key, its columns.

    A view of counts has none of its own rows in the fold: `counted` makes them.
    """

    model: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    counted: Callable[[Fold, Mapping[str, int]], Iterable[Row]] | None = None


def _counts(
    table: str, by: str, called: str, name: str, **equal: object
) -> Callable[[Fold, Mapping[str, int]], Iterable[Row]]:
    """Rows of a count: how many rows of `table` have each value of `by`, named `called`."""

    def counted(fold: Fold, reached: Mapping[str, int]) -> Iterator[Row]:
        found = Counter(
            row[by]
            for row in fold.rows(table, reached)
            if row[by] is not None and all(row[key] == value for key, value in equal.items())
        )
        for value, count in found.items():
            yield {called: value, name: count}

    return counted


def _following(fold: Fold, reached: Mapping[str, int]) -> Iterator[Row]:
    """How many each person follows, apart for each partition in which the followed are."""
    found: Counter[tuple[str, str]] = Counter()
    for (_, follower), past in fold.tables["follows"].items():
        row = past.at(reached.get(past.partition, -1))
        if row is not None and row["state"] == "established":
            found[follower, past.partition] += 1
    for (account, partition), count in found.items():
        yield {"account_id": account, "partition": partition, "following": count}


VIEWS: Final[Mapping[str, Judged]] = {
    "accounts": Judged(
        "accounts",
        ("account_id",),
        (
            *("account_id", "email", "email_hash", "first_name", "last_name", "birth_date"),
            *("handle", "handle_hash", "about", "registered_at"),
            *("written_in", "written_offset"),
        ),
    ),
    "sessions": Judged(
        "accounts",
        ("session_id",),
        (
            *("session_id", "account_id", "device", "address", "opened_at", "closed_at"),
            "close_reason",
        ),
    ),
    "follows": Judged(
        "graph", ("target_id", "follower_id"), ("target_id", "follower_id", "state", "since")
    ),
    "blocks": Judged("graph", ("blocker_id", "blocked_id"), ("blocker_id", "blocked_id", "since")),
    "private_accounts": Judged("graph", ("account_id",), ("account_id", "since")),
    "mutes": Judged("graph", ("muter_id", "muted_id"), ("muter_id", "muted_id", "since")),
    "follower_counts": Judged(
        "graph",
        ("account_id",),
        ("account_id", "followers"),
        _counts("follows", "target_id", "account_id", "followers", state="established"),
    ),
    "following_counts": Judged(
        "graph",
        ("account_id", "partition"),
        ("account_id", "partition", "following"),
        _following,
    ),
    "posts": Judged(
        "posts",
        ("post_id",),
        (
            *("post_id", "author_id", "body", "mentions", "audience", "chosen", "replies"),
            *("published_at", "edited_at", "after"),
        ),
    ),
    "post_edits": Judged(
        "posts", ("post_id", "edit"), ("post_id", "edit", "body", "until", "audience", "chosen")
    ),
    "comments": Judged(
        "posts",
        ("comment_id",),
        (
            *("comment_id", "post_id", "parent_id", "author_id", "body", "mentions"),
            *("published_at", "edited_at", "after"),
        ),
    ),
    "reactions": Judged(
        "posts",
        ("thing_id", "person_id"),
        ("thing_id", "person_id", "post_id", "since", "after"),
    ),
    "comment_counts": Judged(
        "posts",
        ("post_id",),
        ("post_id", "comments"),
        _counts("comments", "post_id", "post_id", "comments"),
    ),
    "reply_counts": Judged(
        "posts",
        ("parent_id",),
        ("parent_id", "replies"),
        _counts("comments", "parent_id", "parent_id", "replies"),
    ),
    "reaction_counts": Judged(
        "posts",
        ("thing_id",),
        ("thing_id", "reactions"),
        _counts("reactions", "thing_id", "thing_id", "reactions"),
    ),
    "bookmarks": Judged("bookmarks", ("person_id", "post_id"), ("person_id", "post_id", "since")),
}
"""Every view that is judged, by its name."""

READ: Final = "set transaction isolation level repeatable read, read only"


async def snapshot(dsn: str, schema: str, label: str) -> Snapshot:
    """All views and checkpoints as of one moment; raises psycopg.Error."""
    async with await psycopg.AsyncConnection.connect(dsn, row_factory=dict_row) as connection:
        await connection.execute(READ)
        checkpoints: dict[str, dict[str, int]] = {}
        stored = SQL('select model, partition, "offset" from {}.checkpoints')
        cursor = await connection.execute(stored.format(Identifier(schema)))
        for row in await cursor.fetchall():
            checkpoints.setdefault(row["model"], {})[row["partition"]] = row["offset"]
        tables: dict[str, list[dict[str, Any]]] = {}
        for name, view in VIEWS.items():
            statement = SQL("select {} from {}.{}").format(
                SQL(", ").join(map(Identifier, view.columns)), Identifier(schema), Identifier(name)
            )
            rows = await (await connection.execute(statement)).fetchall()
            tables[name] = [{key: _plain(value) for key, value in row.items()} for row in rows]
    return Snapshot(label, checkpoints, tables)


async def wrapped_keys(dsn: str, schema: str) -> dict[str, bytes | None]:
    """Everybody's key as the vault has it; raises psycopg.Error."""
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        statement = SQL("select person, wrapped from {}.person_keys").format(Identifier(schema))
        rows = await (await connection.execute(statement)).fetchall()
    return {str(person): wrapped for person, wrapped in rows}


def _plain(value: Any) -> Any:
    match value:
        case UUID():
            return str(value)
        case list():
            return [_plain(each) for each in value]
        case _:
            return value


def judged(evidence: Evidence, fold: Fold) -> Iterator[Finding]:
    """Every row of every snapshot that is not as the log has it."""
    for snap in evidence.snapshots:
        for name, view in VIEWS.items():
            reached = snap.checkpoints.get(view.model, {})
            rows = fold.rows(name, reached) if view.counted is None else view.counted(fold, reached)
            yield from _differences(f"{snap.label}: {name}", view, rows, snap.tables[name])


def _differences(
    where: str, view: Judged, expected: Iterable[Row], found: Sequence[Row]
) -> Iterator[Finding]:
    wanted = {_key(view, row): _comparable(row) for row in expected}
    there = {_key(view, row): _comparable(row) for row in found}
    if len(there) != len(found):
        yield Finding("rows", f"{where} holds {len(found) - len(there)} rows twice")
    for key in wanted.keys() | there.keys():
        if wanted.get(key) != there.get(key):
            yield Finding("rows", f"{where} {key}: {there.get(key)}, not {wanted.get(key)}")


def _key(view: Judged, row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in view.key)


def _comparable(row: Row) -> dict[str, Any]:
    """The row with its times as one number, whatever zone and type they came in."""
    return {
        name: value.timestamp() if isinstance(value, datetime) else value
        for name, value in row.items()
    }
