"""PostgreSQL fails over: a standby that fell behind takes the place of a primary that was killed.

What the primary confirmed and the standby had not heard of is gone (docs/adr/0022).
"""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from msgspec.structs import replace

from infra.local.process import Process, with_rights
from tests.stack import free_ports

COPIED_S: Final = 60.0
AGREED_S: Final = 30.0
DEAF: Final = "alter system set primary_conninfo = ''"

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


class Standby:
    """A server that follows `primary` until `fall_behind`, and may `take_over` from then on.

    Until then it is read at `dsn`.
    """

    def __init__(self, primary: Process, dsn: str) -> None:
        self._primary = primary
        self._primary_dsn = dsn
        self._data = data_of(primary)
        self._copy = self._data.with_name("standby")
        self._lost = self._data.with_name("lost")
        [port] = free_ports(1)
        self.dsn = dsn.replace(f":{primary.recipe.port}/", f":{port}/")
        argv = [
            {str(self._data): str(self._copy), f"port={primary.recipe.port}": f"port={port}"}.get(
                part, part
            )
            for part in primary.recipe.argv
        ]
        is_ready = (self._program("pg_isready"), "-q", "-t", "1", "-d", self.dsn)
        recipe = replace(
            primary.recipe,
            name="standby",
            argv=tuple(argv),
            port=port,
            prepare=lambda: None,
            ready=lambda: subprocess.call(is_ready) == 0,
        )
        log_file = primary.log_file.with_name("standby.log")
        self._process = Process(recipe, log_file, dies_with_parent=True)

    async def follow(self) -> None:
        """Copies the primary, and hears of all that it commits from then on."""
        await asyncio.to_thread(self._copied)
        self._process.start()
        await asyncio.to_thread(self._process.wait_ready)
        async with await connected(self._primary_dsn) as primary:
            await _until(primary, "select exists (select from pg_stat_replication)")

    async def fall_behind(self) -> None:
        """Hears of nothing any more, while the primary goes on."""
        async with await connected(self.dsn) as standby:
            await standby.execute(DEAF)
            await standby.execute("select pg_reload_conf()")
            await _until(standby, "select not exists (select from pg_stat_wal_receiver)")

    async def take_over(self) -> None:
        """Kills the primary, and is the primary from now on, at the same address.

        Returns once it takes writes.
        """
        self._primary.kill()
        self._process.stop()
        # Aside at first: for a moment the processes of the old primary go on without it.
        self._data.rename(self._lost)
        self._copy.rename(self._data)
        self._primary.start()
        await asyncio.to_thread(self._primary.wait_ready)
        async with await connected(self._primary_dsn) as promoted:
            await promoted.execute("select pg_promote()")

    def remove(self) -> None:
        """Deletes what is left of the one of the two that is not the primary."""
        self._process.kill()
        for folder in (self._copy, self._lost):
            shutil.rmtree(folder, ignore_errors=True)

    def _copied(self) -> None:
        copying = ("--checkpoint=fast", "--no-sync", "--write-recovery-conf")
        argv = (
            self._program("pg_basebackup"),
            "-d",
            self._primary_dsn,
            "-D",
            str(self._copy),
            *copying,
        )
        subprocess.run(
            with_rights(argv, self._primary.recipe.run_as, dies_with_parent=True),
            check=True,
            timeout=COPIED_S,
            stdin=subprocess.DEVNULL,
        )

    def _program(self, name: str) -> str:
        return str(Path(self._primary.recipe.argv[0]).with_name(name))


@asynccontextmanager
async def following(primary: Process, dsn: str) -> AsyncIterator[Standby]:
    """A standby that has caught up with the primary; removed again at the end."""
    standby = Standby(primary, dsn)
    try:
        await standby.follow()
        yield standby
    finally:
        standby.remove()


def data_of(server: Process) -> Path:
    """The folder in which a PostgreSQL server keeps its data."""
    argv = server.recipe.argv
    return Path(argv[argv.index("-D") + 1])


async def connected(dsn: str) -> Connection:
    """A connection in autocommit; raises psycopg.Error."""
    return await psycopg.AsyncConnection.connect(dsn, autocommit=True)


async def _until(connection: Connection, holds: LiteralString) -> None:
    """Until the server says so; raises TimeoutError."""
    async with asyncio.timeout(AGREED_S):
        while await (await connection.execute(holds)).fetchone() != (True,):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
