"""The one door to the read models: each call is one statement, one round trip, one snapshot.

PostgreSQL may be away, or worse, silent. A read that has no answer by its deadline cuts its
connection, since asking a silent server to cancel would wait for that server again.
"""

import asyncio
import os
import socket
import time
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from psycopg import AsyncConnection, errors, sql
from psycopg.rows import dict_row

from infra.postgres.pool import STORE_UNAVAILABLE, Pool, translated
from schemas.refusals import Unavailable

Row = TypeVar("Row")
Query = sql.SQL | sql.Composed


class Store:
    """Reads from `pool`, which was opened read only.

    `answer_s` bounds a request that came without a deadline, or with a distant one.
    """

    def __init__(self, pool: Pool, answer_s: float) -> None:
        self._pool = pool
        self._answer_s = answer_s

    def until(self, deadline_s: float) -> "Reader":
        """What one request reads with, up to `deadline_s` on the monotonic clock."""
        return Reader(self._pool, min(deadline_s, time.monotonic() + self._answer_s))


class Reader:
    """The reads of one request, which share its deadline."""

    def __init__(self, pool: Pool, deadline_s: float) -> None:
        self._pool = pool
        self._deadline_s = deadline_s

    async def rows(self, kind: type[Row], query: Query, params: Mapping[str, Any]) -> list[Row]:
        """The rows of one statement as Structs of `kind`, whose fields are its columns.

        Raises Unavailable STORE_UNAVAILABLE when PostgreSQL does not answer in time, or when the
        projections have not made their tables yet.
        """
        try:
            with translated():
                rows = await self._bounded(_Trip(self._pool, query, params))
        except errors.UndefinedTable as error:
            raise _unavailable("The read models are not there yet.") from error
        return msgspec.convert(rows, list[kind])  # type: ignore[valid-type]

    async def _bounded(self, trip: "_Trip") -> list[dict[str, Any]]:
        left_s = self._deadline_s - time.monotonic()
        if left_s <= 0:
            raise _unavailable("No time was left to ask the database.")
        task = asyncio.create_task(trip.run(left_s))
        try:
            done, _ = await asyncio.wait({task}, timeout=left_s)
        finally:
            if not task.done():
                trip.abandon(task)
        if not done:
            raise _unavailable("The database did not answer in time; try again in a moment.")
        return task.result()


class _Trip:
    """One try of one statement on one connection."""

    def __init__(self, pool: Pool, query: Query, params: Mapping[str, Any]) -> None:
        self._pool = pool
        self._query = query
        self._params = params
        self._connection: AsyncConnection[Any] | None = None

    async def run(self, wait_s: float) -> list[dict[str, Any]]:
        """The rows; waits for a free connection for `wait_s` and never beyond the pool's limit."""
        async with self._pool.connection(min(wait_s, self._pool.timeout)) as connection:
            self._connection = connection
            async with connection.cursor(binary=True, row_factory=dict_row) as cursor:
                # There are few statements, all constant: each connection plans each of them once.
                await cursor.execute(self._query, self._params, prepare=True)
                rows: list[dict[str, Any]] = await cursor.fetchall()
                return rows

    def abandon(self, task: "asyncio.Task[list[dict[str, Any]]]") -> None:
        """Ends `task` at once, without another word to the server."""
        task.add_done_callback(_outcome_seen)
        if self._connection is None or self._connection.closed:
            task.cancel()
            return
        with socket.socket(fileno=os.dup(self._connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)


def _outcome_seen(task: "asyncio.Task[list[dict[str, Any]]]") -> None:
    """Marks the outcome of an abandoned task as seen: its connection was cut on purpose."""
    if not task.cancelled():
        task.exception()


def _unavailable(detail: str) -> Unavailable:
    return Unavailable(STORE_UNAVAILABLE, detail)
