"""One rebuild of a model at a time: a lock that ends with the connection of whoever holds it.

So nobody has to clean up after a rebuild that was killed: the next one may begin at once.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Final

from msgspec import Struct
from psycopg import OperationalError

from infra.postgres.pool import Pool
from infra.worker.builds import Connection

NAME_MAX: Final = 63
"""Characters of a name that PostgreSQL shows of a connection."""

_TRY: Final = "select pg_try_advisory_lock(hashtextextended(%s, 0))"
_HOLDER: Final = """
    select application_name, backend_start from pg_locks join pg_stat_activity using (pid)
    where locktype = 'advisory' and granted and objsubid = 1
        and (classid::bigint << 32 | objid::bigint) = hashtextextended(%s, 0)
"""


class Taken(RuntimeError):
    """Somebody else is at the model's builds: who, and since when."""

    def __init__(self, model: str, holder: str, since: datetime | None) -> None:
        at = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
        super().__init__(f"{model} is being rebuilt{at} by {holder}.")
        self.model = model
        self.holder = holder
        self.since = since


class Claim(Struct, frozen=True):
    """The right to change builds. They are changed over its connection alone, which has the lock.

    So who lost that, and perhaps to somebody who made the same build live meanwhile, changes
    nothing any more: psycopg's OperationalError is all that comes of it.
    """

    connection: Connection


@asynccontextmanager
async def claimed(
    pool: Pool, schema: str, models: Iterable[str], holder: str
) -> AsyncIterator[Claim]:
    """The builds of these models, for the caller alone; raises `Taken`.

    `holder` is who asks, as others are told. The lock is the deployment's: `schema` names that.
    """
    async with pool.connection() as connection:
        name = f"rebuild by {holder}"[:NAME_MAX]
        await connection.execute("select set_config('application_name', %s, false)", (name,))
        try:
            # In one order everywhere, so that of two who want several one gets all.
            for model in sorted(models):
                await _lock(connection, schema, model)
            yield Claim(connection)
        finally:
            # The pool lends it to others afterwards.
            with suppress(OperationalError):
                await connection.execute("select pg_advisory_unlock_all()")
                await connection.execute("reset application_name")


async def _lock(connection: Connection, schema: str, model: str) -> None:
    key = f"agora builds {schema} {model}"
    cursor = await connection.execute(_TRY, (key,))
    if await cursor.fetchone() == (True,):
        return
    cursor = await connection.execute(_HOLDER, (key,))
    row = await cursor.fetchone()
    if row is None:
        raise Taken(model, "somebody who has just ended", None)
    raise Taken(model, str(row[0]).removeprefix("rebuild by "), row[1])
