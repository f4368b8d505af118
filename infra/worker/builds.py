"""Builds: the numbered sets of rows that a read model has been folded into.

One build is live: views show it, workers fold into it. Another may be filling beside it, and those
that were live before are kept until they are dropped. Each has tables and checkpoints of its own,
so that a model is built anew for the version that it has as well as for a new one. Subscribers that
keep no rows have no builds; their checkpoints carry number 0.
"""

from enum import StrEnum
from typing import Any

from psycopg import AsyncConnection

from infra.worker.progress import Build

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
        primary key (model, build)
    )
    """,
    "create unique index if not exists builds_live on builds (model) where state = 'live'",
)
"""`reason` says why a build failed; `live_at` is when a build last became live."""

Connection = AsyncConnection[Any]


class State(StrEnum):
    """What a build is for its model.

    `filling` until it holds all that its part of the log comes to, `verified` once that was
    compared with the log, `live` for one build of each model, `previous` afterwards.
    """

    FILLING = "filling"
    VERIFIED = "verified"
    LIVE = "live"
    PREVIOUS = "previous"
    FAILED = "failed"


async def begin(
    connection: Connection, model: str, version: int, state: State, started_by: str
) -> int:
    """A new build of the model; its number."""
    cursor = await connection.execute(
        """
        insert into builds (model, build, version, state, started_by, live_at)
        select %(model)s, coalesce(max(build), 0) + 1, %(version)s, %(state)s, %(by)s,
            case when %(state)s = 'live' then now() end
        from builds where model = %(model)s
        returning build
        """,
        {"model": model, "version": version, "state": state.value, "by": started_by},
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def live(connection: Connection, model: str) -> Build | None:
    """The model's live build, if there is one."""
    cursor = await connection.execute(
        "select build, version from builds where model = %s and state = 'live'", (model,)
    )
    row = await cursor.fetchone()
    return None if row is None else Build(*row)
