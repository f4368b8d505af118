"""Looking at how far projectors have committed, again and again, while events come."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import psycopg

from tests.performance.loads.lags import Seen
from tests.performance.loads.waiting import until

LOOK_S: Final = 0.002
COMMITTED_S: Final = 300.0


class Watcher:
    """What was seen so far; `query` answers partitions and the offsets committed there."""

    def __init__(self, dsn: str, query: str) -> None:
        self._dsn = dsn
        self._query = query.encode()
        self.seen: list[Seen] = []

    async def reached(self, ends: Mapping[str, int], within_s: float = COMMITTED_S) -> float:
        """When everything up to `ends` was committed; raises `TimeoutError`."""

        async def committed() -> bool:
            offsets: Mapping[str, int] = self.seen[-1].offsets if self.seen else {}
            return all(offsets.get(partition, -1) >= end for partition, end in ends.items())

        await until(committed, within_s)
        return self.seen[-1].at

    def taken(self) -> list[Seen]:
        """What was seen so far, of which the watcher only keeps the last look from now on."""
        taken, self.seen = self.seen, self.seen[-1:]
        return taken

    async def watch(self) -> None:
        """Looks until it is cancelled."""
        connection = await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, prepare_threshold=1
        )
        async with connection:
            while True:
                cursor = await connection.execute(self._query)
                found: dict[str, int] = dict(await cursor.fetchall())
                self.seen.append(Seen(time.perf_counter(), found))
                await asyncio.sleep(LOOK_S)


@asynccontextmanager
async def watching(dsn: str, query: str) -> AsyncIterator[Watcher]:
    """A watcher that looks while the block runs."""
    watcher = Watcher(dsn, query)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watcher.watch())
        try:
            yield watcher
        finally:
            task.cancel()
