"""What the read models were known to hold, so that nobody is answered out of less.

PostgreSQL may fail over to a standby that lagged. Until the workers have written again what is
gone, rows that hide something are missing, and a read whose position was found on the old server
may end on the new one (docs/adr/0024-reads-never-go-back.md).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from psycopg import AsyncConnection, sql

from infra.postgres.pool import STORE_UNAVAILABLE
from infra.postgres.prompt import server_of
from schemas.refusals import Unavailable

Place = tuple[str, str]
"""A model, and a partition that it folds."""

_OFFSETS: Final = sql.SQL(
    'select model, partition, "offset" from checkpoints where model = any(%s)'
)


class Held:
    """The farthest offsets that this process has found, and the server that is known to have them.

    A server is told from others by when it started.
    """

    def __init__(self) -> None:
        self._offsets: dict[Place, int] = {}
        self._server: datetime | None = None

    def note(self, found: Mapping[Place, int]) -> None:
        """What the read models were just found to hold."""
        for place, offset in found.items():
            if offset > self._offsets.get(place, -1):
                self._offsets[place] = offset

    async def require(self, connection: AsyncConnection[Any]) -> None:
        """Returns once it is known that the connection's server holds all of it.

        That is asked once, and costs nothing from then on until the server is another one. Raises
        Unavailable STORE_UNAVAILABLE while something is missing.
        """
        server = server_of(connection)
        if server == self._server:
            return
        if self._offsets and not await self._all_there(connection):
            raise Unavailable(
                STORE_UNAVAILABLE,
                "The database has lost what it held and is being filled again; try again soon.",
            )
        self._server = server

    async def _all_there(self, connection: AsyncConnection[Any]) -> bool:
        wanted = dict(self._offsets)
        models = sorted({model for model, _ in wanted})
        cursor = await connection.execute(_OFFSETS, (models,))
        found = {(model, partition): offset for model, partition, offset in await cursor.fetchall()}
        return all(found.get(place, -1) >= offset for place, offset in wanted.items())
