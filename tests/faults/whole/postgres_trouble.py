"""What PostgreSQL may do besides being away: be full, refuse to serialize, only be read.

Full and unserializable are triggers on every table, which raise what the server itself would.
Read only is real: the server is started as a standby, and promoted afterwards.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, LiteralString

import psycopg
from psycopg.sql import SQL, Identifier

from tests.faults.standby import data_of
from tests.faults.whole.stage import Stage

DISK_FULL: Final = "53100"
SERIALIZATION_FAILURE: Final = "40001"
LOCK_TRIES: Final = 50

REFUSE: Final = """
create or replace function {}.refuse() returns trigger language plpgsql as $$
begin
    if random() < tg_argv[1]::float then
        raise exception 'planted by a test' using errcode = tg_argv[0];
    end if;
    return null;
end $$"""
TABLES: Final = "select tablename from pg_tables where schemaname = %s"
TRIGGER: Final[LiteralString] = """
create trigger planted after insert or update or delete on {}.{}
for each statement execute function {}.refuse({}, {})"""


@asynccontextmanager
async def refusing(stage: Stage, code: str, share: float) -> AsyncIterator[None]:
    """The block runs while that share of all statements that write end with the error `code`."""
    own = Identifier(f"{stage.schema}_faults")
    schema = Identifier(stage.schema)
    async with await stage.connect() as connection:
        await connection.execute("set lock_timeout = '200ms'")
        await connection.execute(SQL("create schema if not exists {}").format(own))
        await connection.execute(SQL(REFUSE).format(own))
        rows = await (await connection.execute(TABLES, (stage.schema,))).fetchall()
        tables = [Identifier(str(name)) for (name,) in rows]
        planted: list[Identifier] = []
        try:
            for table in tables:
                await _patiently(
                    connection, SQL(TRIGGER).format(schema, table, own, code, str(share))
                )
                planted.append(table)
            yield
        finally:
            for table in planted:
                drop = SQL("drop trigger if exists planted on {}.{}").format(schema, table)
                await _patiently(connection, drop)


async def _patiently(
    connection: "psycopg.AsyncConnection[tuple[object, ...]]", statement: psycopg.sql.Composed
) -> None:
    """Runs a statement that needs a lock which others hold now and then."""
    for tried in range(LOCK_TRIES):
        try:
            await connection.execute(statement)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            if tried == LOCK_TRIES - 1:
                raise
        else:
            return


@asynccontextmanager
async def read_only(stage: Stage) -> AsyncIterator[None]:
    """The block runs while the server is a standby, which takes no writes; then it is promoted."""
    postgres = stage.postgres
    await asyncio.to_thread(postgres.stop)
    _make_standby(data_of(postgres))
    postgres.start()
    await asyncio.to_thread(postgres.wait_ready)
    try:
        yield
    finally:
        async with await stage.connect() as connection:
            await connection.execute("select pg_promote()")


def _make_standby(data: Path) -> None:
    signal = data / "standby.signal"
    signal.touch()
    owner = data.stat()
    os.chown(signal, owner.st_uid, owner.st_gid)
