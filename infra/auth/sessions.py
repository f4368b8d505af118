"""Sessions that were closed before their access tokens ended."""

from typing import Final
from uuid import UUID

from psycopg import errors

from infra.postgres.pool import STORE_UNAVAILABLE, Pool, translated
from schemas.refusals import Unavailable

_CLOSED: Final = """
    select exists (select from sessions where session_id = %s and closed_at is not null)"""


class ClosedSessions:
    """Asks the read model of sessions in `pool`.

    A session that it does not know yet counts as open: who shows its token got it from here.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def is_closed(self, session: UUID) -> bool:
        """Whether the session was closed; raises Unavailable when that cannot be told."""
        try:
            with translated():
                async with self._pool.connection() as connection:
                    cursor = await connection.execute(_CLOSED, (session,), binary=True)
                    row = await cursor.fetchone()
        except errors.UndefinedTable as problem:
            detail = "The read model of sessions is not there yet; try again in a moment."
            raise Unavailable(STORE_UNAVAILABLE, detail) from problem
        return row is not None and bool(row[0])
