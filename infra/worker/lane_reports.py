"""What workers report of their lanes, for operators: which worker has each, and how it is.

A report that is not renewed for `UNSEEN_S` comes from a worker that is gone.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from psycopg import AsyncConnection

DDL = (
    """
    create table if not exists lane_reports (
        subscriber text not null,
        partition text not null,
        worker text not null,
        state text not null,
        since timestamptz not null default now(),
        seen_at timestamptz not null default now(),
        primary key (subscriber, partition)
    ) with (fillfactor = 50)
    """,
)

RENEWED_S: Final = 5.0
UNSEEN_S: Final = 15.0

Connection = AsyncConnection[Any]


class Report(NamedTuple):
    """How one lane is."""

    subscriber: str
    partition: str
    state: str


async def write(connection: Connection, worker: str, reports: Sequence[Report]) -> None:
    """Report lanes that the worker has; `since` is kept while one stays as it is."""
    await connection.execute(
        """
        insert into lane_reports as r (subscriber, partition, worker, state)
        select subscriber, partition, %(worker)s, state
        from unnest(%(subscribers)s::text[], %(partitions)s::text[], %(states)s::text[])
            as given (subscriber, partition, state)
        on conflict (subscriber, partition) do update
        set worker = excluded.worker, state = excluded.state, seen_at = now(),
            since = case when (r.worker, r.state) = (excluded.worker, excluded.state)
                then r.since else now() end
        """,
        {
            "worker": worker,
            "subscribers": [one.subscriber for one in reports],
            "partitions": [one.partition for one in reports],
            "states": [one.state for one in reports],
        },
    )


async def withdraw(connection: Connection, worker: str) -> None:
    """Take back what the worker reported: it has no lanes any more."""
    await connection.execute("delete from lane_reports where worker = %s", (worker,))
