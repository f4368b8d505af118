"""Home in one process: its connection to Redis, its refills, its pipeline."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from infra.config import Settings
from infra.redis.timelines import open_timelines
from queries.feeds.home import Home
from queries.feeds.refills import Refills, running
from queries.feeds.rows import StoredRows
from queries.store import Store

REFILL_ANSWER_S: Final = 10.0
"""Nobody waits for a refill, but it should not stay for ever either."""


@asynccontextmanager
async def open_home(settings: Settings, store: Store) -> AsyncIterator[Home | None]:
    """Home through its cache; None where that is switched off. Redis may be away at any time."""
    feeds = settings.feeds
    if not feeds.cached:
        yield None
        return
    async with open_timelines(settings) as timelines:

        def rows_of(viewer: UUID) -> StoredRows:
            return StoredRows(store.until(time.monotonic() + REFILL_ANSWER_S), viewer)

        refills = Refills(timelines, rows_of, feeds.timeline_entries_max)
        async with running(refills, feeds.refills_at_once):
            yield Home(feeds, timelines, refills)
