"""Read models and reactions that operators paused: all workers leave them alone until told.

`pause` notes it, `settle` makes sure that nothing is under way any more. Whoever begins anew at a
checkpoint looks here after it has read that, so that it has either seen the pause or is overtaken.
"""

from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from psycopg import AsyncConnection, errors

DDL = (
    """
    create table if not exists pauses (
        subscriber text primary key,
        paused_by text not null,
        reason text not null,
        at timestamptz not null default now()
    )
    """,
)

SETTLE_MS: Final = 3000
"""How long `settle` waits for what is under way."""

Connection = AsyncConnection[Any]


class Pause(Struct, frozen=True):
    """Who paused it, why (may be empty), and since when."""

    paused_by: str
    reason: str
    at: datetime


async def pause(connection: Connection, subscriber: str, paused_by: str, reason: str) -> bool:
    """Note that the subscriber is paused; whether it was not before. Who came first stays noted."""
    cursor = await connection.execute(
        "insert into pauses (subscriber, paused_by, reason) values (%s, %s, %s) "
        "on conflict do nothing",
        (subscriber, paused_by, reason),
    )
    return cursor.rowcount == 1


async def settle(connection: Connection, subscriber: str) -> bool:
    """Overtake whoever still works on the subscriber, in its live build, once that is committed.

    Returns false if something is under way for longer than `SETTLE_MS`: it may still commit.
    """
    try:
        async with connection.transaction():
            await connection.execute(f"set local lock_timeout = {SETTLE_MS}".encode())
            await connection.execute(
                """
                update build_checkpoints c set revision = revision + 1
                where model = %(name)s and build = coalesce((
                    select build from builds where model = %(name)s and state = 'live'), 0)
                """,
                {"name": subscriber},
            )
    except errors.LockNotAvailable:
        return False
    return True


async def resume(connection: Connection, subscriber: str) -> bool:
    """Let the subscriber go on; whether it was paused."""
    cursor = await connection.execute("delete from pauses where subscriber = %s", (subscriber,))
    return cursor.rowcount == 1


async def pauses(connection: Connection) -> dict[str, Pause]:
    """What is paused, by subscriber."""
    cursor = await connection.execute("select subscriber, paused_by, reason, at from pauses")
    return {name: Pause(*rest) for name, *rest in await cursor.fetchall()}


async def is_paused(connection: Connection, subscriber: str) -> bool:
    """Whether that one is paused."""
    cursor = await connection.execute("select from pauses where subscriber = %s", (subscriber,))
    return cursor.rowcount == 1
