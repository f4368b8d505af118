"""Connections to PostgreSQL, the same in every process: autocommit, own schema, UTC.

The server may be away when a process starts and at any time later. A caller learns so within the
pool's wait, and the next caller after the server's return is served.
"""

import math
import select
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import msgspec
from psycopg import AsyncConnection, OperationalError, errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool

from infra.config_servers import PostgresSettings
from infra.postgres.prompt import PromptConnection, introduce
from schemas.refusals import Unavailable

Pool = AsyncConnectionPool[AsyncConnection[Any]]

STORE_UNAVAILABLE: Final = "STORE_UNAVAILABLE"

_RECONNECT_S: Final = 0.5
"""How long one attempt to connect is repeated. Later ones are made when somebody waits."""

_TCP: Final = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""A cut network is noticed after some ten seconds rather than after the kernel's hours."""

# A backslash, for a space would end the option.
_WRITING: Final = {
    "default_transaction_read_only": "off",
    "default_transaction_isolation": "read\\ committed",
}

_PLANNED_ONCE: Final = {
    # To plan one of the read models' statements takes several times as long as to run it. Left to
    # itself PostgreSQL plans the first five anew on each connection, and some of them for ever.
    "plan_cache_mode": "force_generic_plan",
}

_BY_KEY: Final = {
    **_PLANNED_ONCE,
    # A plan outlives the sizes that it was made for: one from when a table was small would go
    # through all of it for a handful of rows, until somebody analyses the table.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}

_READING: Final = {
    **_PLANNED_ONCE,
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "repeatable\\ read",
    # Pages are read by looking up the rows of few ids, nearly always in memory or on flash.
    # By default a look-up counts so much that small tables are read whole instead.
    "random_page_cost": "1.1",
}


@asynccontextmanager
async def open_pool(
    settings: PostgresSettings, *, role: str, read_only: bool = False, by_key: bool = False
) -> AsyncIterator[Pool]:
    """A pool for one process, closed at the end. Does not wait for the server to be there.

    Connections are in autocommit, so that a single statement costs a single round trip: whatever
    belongs together goes into `async with connection.transaction()`. If the pool is `read_only`,
    that sees one moment, a prepared statement has one plan, whatever its parameters, and
    `infra.postgres.prompt.server_of` tells servers apart. If it is for work `by_key`, statements
    have one plan, too, and rows are looked up in indexes however few or many a table has: what
    goes through whole tables does not belong there. Unqualified names mean the deployment's
    schema. `role` is what the process is for, seen in pg_stat_activity as `agora-{role}`. Getting
    a connection raises PoolTimeout after `settings.pool_wait_ms`.
    """

    async def check(connection: AsyncConnection[Any]) -> None:
        if not _has_news(connection):
            return
        try:
            await AsyncConnectionPool.check_connection(connection)
        except OperationalError:
            # The server was restarted: all idle connections are gone, not just this one.
            await pool.check()
            raise

    async def configure(connection: AsyncConnection[Any]) -> None:
        # The library's own decoder of JSON takes five times as long.
        set_json_loads(msgspec.json.decode, connection)
        if read_only:
            await introduce(connection)

    pool: Pool = AsyncConnectionPool(
        settings.dsn,
        connection_class=PromptConnection,
        kwargs=_connecting(settings, role, read_only=read_only, by_key=by_key),
        min_size=settings.pool_connections_min,
        max_size=settings.pool_connections_max,
        timeout=settings.pool_wait_ms / 1000,
        reconnect_timeout=_RECONNECT_S,
        configure=configure,
        check=check,
        name=role,
        open=False,
    )
    await pool.open()
    try:
        yield pool
    finally:
        await pool.close()


@contextmanager
def translated() -> Iterator[None]:
    """Answers Unavailable STORE_UNAVAILABLE where PostgreSQL is away, too busy or read only.

    The same work may succeed in a moment. Mistakes in the SQL or the data pass through: they are
    bugs.
    """
    try:
        yield
    except (OperationalError, errors.ReadOnlySqlTransaction) as problem:
        detail = "The database cannot be reached now; try again in a moment."
        raise Unavailable(STORE_UNAVAILABLE, detail) from problem


def _has_news(connection: AsyncConnection[Any]) -> bool:
    """Whether an idle connection has something to read, which is nearly always its end.

    This asks the kernel rather than the server, and so costs no round trip.
    """
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN | select.POLLRDHUP)
    return bool(poll.poll(0))


def _connecting(
    settings: PostgresSettings, role: str, *, read_only: bool, by_key: bool
) -> dict[str, Any]:
    given = conninfo_to_dict(settings.dsn).get("options") or ""
    kind = (_READING if read_only else _WRITING) | (_BY_KEY if by_key else {})
    # Extensions live in `public`.
    options = {
        "search_path": f"{settings.schema},public",
        "statement_timeout": settings.statement_timeout_ms,
        "timezone": "UTC",
        # To compile one of these statements takes longer than to run it.
        "jit": "off",
        **kind,
    }
    return {
        "autocommit": True,
        "application_name": f"agora-{role}",
        "connect_timeout": math.ceil(settings.connect_timeout_ms / 1000),
        "options": " ".join([str(given), *(f"-c {name}={options[name]}" for name in options)]),
        **_TCP,
    }
