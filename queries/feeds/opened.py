"""Home as one process answers it: its connection to Redis, its refills, its pipeline."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from infra.config import Settings
from infra.redis.timelines import open_timelines
from queries.feeds.home import Home
from queries.feeds.refills import Refills, running
from queries.store import Store


@asynccontextmanager
async def open_home(settings: Settings, store: Store) -> AsyncIterator[Home | None]:
    """Home through its cache; None where that is switched off. Redis may be away at any time."""
    feeds = settings.feeds
    if not feeds.cached:
        yield None
        return
    async with open_timelines(settings) as timelines:
        refills = Refills(timelines, store, feeds.timeline_entries_max)
        async with running(refills, feeds.refills_at_once):
            yield Home(feeds, timelines, refills)
