"""A schema of its own in the run's PostgreSQL, for tests of what keeps tables there."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from infra.config import Settings
from infra.postgres.pool import Pool, open_pool
from infra.postgres.schema import ensure
from tests.stack import Stack


@asynccontextmanager
async def open_world(stack: Stack, tables: Sequence[str]) -> AsyncIterator[tuple[Pool, Settings]]:
    """A pool in a new schema with `tables`, and the settings that lead there."""
    settings = stack.settings()
    async with open_pool(settings.postgres, role="test") as pool:
        await ensure(pool, settings, tables)
        yield pool, settings
