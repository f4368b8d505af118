"""Between the database and a worker's lanes: tells the lanes what to pause, operators how they are.

It asks rather than listens: one small statement twice a second survives whatever happens to
connections, and reaches every worker soon enough for people.

And it sees when the database has gone back behind what it had confirmed, as after a fail-over to
a standby that lagged. Rows and checkpoints went back together, so a lane that begins anew from
what is stored is right again. One that has something to write finds that out by itself; one at
rest, or one that writes to a build which is live no more, would not.
"""

import asyncio
import logging
import os
import socket
import time
from contextlib import suppress
from typing import Final
from uuid import uuid4

from infra.postgres.pool import Pool, translated
from infra.worker import checkpoints, lane_reports, pauses
from infra.worker.checkpoints import Stored
from infra.worker.host import Host
from infra.worker.lane import TRANSIENT
from infra.worker.lane_reports import RENEWED_S, Report
from infra.worker.progress import Checkpoint

INTERVAL_S: Final = 0.5
LOOKED_S: Final = 1.0
"""Between two looks at where the lanes are stored to be."""

_log = logging.getLogger(__name__)


class Overseer:
    """Looks after the lanes of one host."""

    def __init__(self, host: Host, pool: Pool) -> None:
        self._host = host
        self._pool = pool
        # Two workers may have the same number in two containers of the same name.
        self._worker = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:6]}"
        self._told: list[Report] = []
        self._told_s = 0.0
        self._looked_s = 0.0

    async def obey(self) -> None:
        """Take what operators asked for. Raises Unavailable."""
        with translated():
            async with self._pool.connection() as connection:
                self._host.pause((await pauses.pauses(connection)).keys())

    async def run(self, interval_s: float = INTERVAL_S) -> None:
        """Obey and report for ever, also after PostgreSQL was away."""
        while True:
            try:
                await self.obey()
                await self._look()
                await self._report()
            except TRANSIENT as problem:
                _log.debug("What operators want cannot be asked now: %s", problem)
            await asyncio.sleep(interval_s)

    async def withdraw(self) -> None:
        """Take the reports back at the end. While PostgreSQL is away they simply grow old."""
        with suppress(*TRANSIENT):
            async with self._pool.connection(timeout=1.0) as connection:
                await lane_reports.withdraw(connection, self._worker)

    async def _look(self) -> None:
        """Send lanes back that believe to be where the database does not have them."""
        lanes = {(lane.subscriber.name, lane.partition): lane for lane in self._host.lanes()}
        if not lanes or time.monotonic() - self._looked_s < LOOKED_S:
            return
        # Known before it is read: a lane that goes on meanwhile is found ahead, never behind.
        known = {key: lane.subscriber.reached(lane.partition) for key, lane in lanes.items()}
        async with self._pool.connection() as connection:
            names = sorted({name for name, _ in lanes})
            stored = await checkpoints.live_places(connection, names)
        self._looked_s = time.monotonic()
        for key, lane in lanes.items():
            if why := _doubt(known[key], stored.get(key)):
                _log.warning("%s begins anew from what is stored: %s", lane, why)
                lane.doubt(why)

    async def _report(self) -> None:
        found = [
            Report(lane.subscriber.name, str(lane.partition), lane.state.value)
            for lane in self._host.lanes()
        ]
        now_s = time.monotonic()
        if not found or (found == self._told and now_s - self._told_s < RENEWED_S):
            return
        async with self._pool.connection() as connection:
            await lane_reports.write(connection, self._worker, found)
        self._told, self._told_s = found, now_s


def _doubt(known: Checkpoint | None, stored: Stored | None) -> str:
    """Why the lane cannot be where it believes to be; empty if it can."""
    if known is None:
        return ""
    if stored is None:
        return "its checkpoint is gone."
    if (stored.build, stored.revision) != (known.build.number, known.revision):
        return f"build {stored.build} is live, and it was in build {known.build.number}."
    if stored.offset < known.offset:
        return f"the checkpoint went back from {known.offset} to {stored.offset}."
    return ""
