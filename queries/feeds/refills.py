"""Fills timelines in the background, for viewers whose home was requested but not cached."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from infra.redis.client import AWAY
from infra.redis.port import TimelineReader
from queries.feeds import meters
from queries.feeds.freshness import reaches
from queries.feeds.rows import HomeRows
from queries.feeds.skeleton import contents
from schemas.refusals import Unavailable

WAITING_MAX: Final = 1000
TOKEN_BYTES: Final = 16

_log = logging.getLogger(__name__)


class Refills:
    """Takes wishes and fulfils as many at a time as `run` runs, `entries_max` entries each."""

    def __init__(
        self, timelines: TimelineReader, rows_of: Callable[[UUID], HomeRows], entries_max: int
    ) -> None:
        self._timelines = timelines
        self._rows_of = rows_of
        self._most = entries_max
        self._wishes: asyncio.Queue[tuple[UUID, bytes, bool]] = asyncio.Queue(WAITING_MAX)
        self._wished: set[UUID] = set()

    def wish(self, viewer: UUID, generation: bytes, *, anew: bool = False) -> None:
        """Fill the viewer's timeline soon, if there is room; `anew` even if there is one."""
        if viewer in self._wished:
            return
        try:
            self._wishes.put_nowait((viewer, generation, anew))
        except asyncio.QueueFull:
            meters.DROPPED.inc()
        else:
            self._wished.add(viewer)

    async def run(self) -> None:
        """Fill one after the other, for ever."""
        while True:
            viewer, generation, anew = await self._wishes.get()
            try:
                done = await self._fill(viewer, generation, anew=anew)
                (meters.DONE if done else meters.VOID).inc()
            except (*AWAY, Unavailable) as problem:
                meters.FAILED.inc()
                _log.debug("a timeline was not filled: %s", problem)
            except Exception:
                meters.FAILED.inc()
                _log.exception("a timeline was not filled: a bug")
            finally:
                self._wished.discard(viewer)

    async def _fill(self, viewer: UUID, generation: bytes, *, anew: bool) -> bool:
        """The timeline gathers first, then PostgreSQL is read: nothing falls in between."""
        token = secrets.token_bytes(TOKEN_BYTES)
        markers = await self._timelines.begin(viewer, generation, token, anew=anew)
        if markers is None:
            return False
        rows = self._rows_of(viewer)
        # Whatever the markers include must be among the rows. They may be of a database that has
        # lost commits since; then they are ahead, and this timeline would lack what they claim.
        if not reaches(await rows.lanes(), markers):
            return False
        found = await rows.candidates(self._most + 1)
        floor, entries = contents(found, self._most)
        return await self._timelines.finish(viewer, generation, token, floor, entries)


@asynccontextmanager
async def running(refills: Refills, at_once: int) -> AsyncIterator[None]:
    """The refills at work, so many at a time, until the block ends."""
    tasks = [asyncio.create_task(refills.run(), name="refill") for _ in range(at_once)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
