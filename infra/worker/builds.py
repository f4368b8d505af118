"""Builds: the numbered sets of rows that a read model has been folded into.

One build is live: views show it, workers fold into it. Another may be filling beside it, and those
that were live before are kept until they are dropped. Each has tables and checkpoints of its own,
so that a model is built anew for the version that it has as well as for a new one
(docs/adr/0020-builds.md). Subscribers that keep no rows have no builds; their checkpoints carry
number 0.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct
from psycopg import AsyncConnection

DDL = (
    """
    create table if not exists builds (
        model text not null,
        build integer not null check (build > 0),
        version integer not null,
        state text not null,
        reason text not null default '',
        started_by text not null,
        started_at timestamptz not null default now(),
        live_at timestamptz,
        tables text[] not null default '{}',
        primary key (model, build)
    )
    """,
    "create unique index if not exists builds_live on builds (model) where state = 'live'",
)
"""`reason` says why a build failed; `live_at` is when it last became live; `tables` are its own."""

Connection = AsyncConnection[Any]


class State(StrEnum):
    """What a build is for its model.

    `filling` until it holds all that its part of the log comes to, `verified` once that was
    compared with the log, `live` for one build of each model, `previous` afterwards. A `dropped`
    one has no rows any more.
    """

    FILLING = "filling"
    VERIFIED = "verified"
    LIVE = "live"
    PREVIOUS = "previous"
    FAILED = "failed"
    DROPPED = "dropped"


class Known(Struct, frozen=True):
    """One build as it stands in the database. `live_at` is None for one that never was live."""

    number: int
    version: int
    state: State
    reason: str
    started_by: str
    started_at: datetime
    live_at: datetime | None
    tables: tuple[str, ...]


async def begin(
    connection: Connection,
    model: str,
    version: int,
    state: State,
    started_by: str,
    tables: Sequence[str],
) -> int:
    """A new build of the model; its number. `tables` are named without it."""
    cursor = await connection.execute(
        """
        insert into builds (model, build, version, state, started_by, tables, live_at)
        select %(model)s, coalesce(max(build), 0) + 1, %(version)s, %(state)s, %(by)s, %(tables)s,
            case when %(state)s = 'live' then now() end
        from builds where model = %(model)s
        returning build
        """,
        {
            "model": model,
            "version": version,
            "state": state.value,
            "by": started_by,
            "tables": list(tables),
        },
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def known(connection: Connection, model: str) -> list[Known]:
    """All builds of the model, the earliest first."""
    cursor = await connection.execute(
        """
        select build, version, state, reason, started_by, started_at, live_at, tables
        from builds where model = %s order by build
        """,
        (model,),
    )
    return [
        Known(number, version, State(state), reason, by, at, live_at, tuple(tables))
        for number, version, state, reason, by, at, live_at, tables in await cursor.fetchall()
    ]


async def live(connection: Connection, model: str) -> Known | None:
    """The model's live build, if there is one."""
    found = [one for one in await known(connection, model) if one.state is State.LIVE]
    return found[0] if found else None


async def become(
    connection: Connection, model: str, build: int, state: State, reason: str = ""
) -> None:
    """Change the build's state. Only one of a model's builds may be live."""
    await connection.execute(
        """
        update builds set state = %(state)s, reason = %(reason)s,
            live_at = case when %(state)s = 'live' then now() else live_at end
        where model = %(model)s and build = %(build)s
        """,
        {"state": state.value, "reason": reason, "model": model, "build": build},
    )


async def forget(connection: Connection, model: str, build: int) -> None:
    """Remove the build's checkpoints and what was set aside; its tables are dropped, or will be.

    It stays in the list, so that its number is never given to another one.
    """
    for table in ("build_checkpoints", "parked", "dropped"):
        await connection.execute(
            f"delete from {table} where model = %s and build = %s".encode(),  # noqa: S608  Ours.
            (model, build),
        )
    await connection.execute(
        "update builds set state = 'dropped' where model = %s and build = %s", (model, build)
    )
