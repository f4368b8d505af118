"""The one door to the read models: each call is one statement, one round trip, one snapshot.

PostgreSQL may be away, or worse, silent. A read that has no answer by its deadline says so, and
drops its connection (infra.postgres.prompt).
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from psycopg import errors, sql
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
                rows = await self._bounded(query, params)
        except errors.UndefinedTable as error:
            raise _unavailable("The read models are not there yet.") from error
        return msgspec.convert(rows, list[kind])  # type: ignore[valid-type]

    async def _bounded(self, query: Query, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        left_s = self._deadline_s - time.monotonic()
        if left_s <= 0:
            raise _unavailable("No time was left to ask the database.")
        limit = asyncio.timeout(left_s)
        try:
            async with limit:
                return await self._fetched(query, params)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise _unavailable("The database did not answer in time; try again.") from error

    async def _fetched(self, query: Query, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        async with (
            self._pool.connection() as connection,
            connection.cursor(binary=True, row_factory=dict_row) as cursor,
        ):
            # There are few statements, all constant: each connection plans each of them once.
            await cursor.execute(query, params, prepare=True)
            rows: list[dict[str, Any]] = await cursor.fetchall()
            return rows


def _unavailable(detail: str) -> Unavailable:
    return Unavailable(STORE_UNAVAILABLE, detail)
