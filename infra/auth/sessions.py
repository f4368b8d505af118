"""Sessions that were closed before their access tokens ended."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from psycopg import errors

from infra.coalescing import Coalesced
from infra.postgres.pool import STORE_UNAVAILABLE, Pool, translated
from schemas.refusals import Unavailable

_CLOSED: Final = """
    select session_id from sessions where session_id = any(%s) and closed_at is not null"""


class ClosedSessions:
    """Asks the read model of sessions in `pool`: every time, and of many at once when busy.

    A session that it does not know yet counts as open: who shows its token got it from here.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._asked = Coalesced(self._closed)

    async def is_closed(self, session: UUID) -> bool:
        """Whether the session was closed; raises Unavailable when that cannot be told."""
        return await self._asked.answer(session)

    async def closed_among(self, sessions: Sequence[UUID]) -> frozenset[UUID]:
        """Which of the sessions were closed; raises Unavailable when that cannot be told."""
        closed = await self._closed(sessions)
        return frozenset(session for session, is_closed in closed.items() if is_closed)

    async def _closed(self, sessions: Sequence[UUID]) -> Mapping[UUID, bool]:
        try:
            with translated():
                async with self._pool.connection() as connection:
                    cursor = await connection.execute(_CLOSED, (list(sessions),), binary=True)
                    closed = {row[0] for row in await cursor.fetchall()}
        except errors.UndefinedTable as problem:
            detail = "The read model of sessions is not there yet; try again in a moment."
            raise Unavailable(STORE_UNAVAILABLE, detail) from problem
        return {session: session in closed for session in sessions}
