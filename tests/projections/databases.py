"""Read models in a real database: subscribers over a log in memory, and what they wrote."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

from events.topics import Partition
from infra.config import Settings
from infra.log.port import Log
from infra.postgres.pool import Pool, open_pool
from infra.worker import progress
from infra.worker.group_commit import GroupCommit
from infra.worker.places import Places
from projections.builds import ensure_models
from projections.commits import Commits
from projections.folding import News
from projections.model import Model
from projections.subscriber import ModelSubscriber
from projections.tables import Key, Row, Table, column_names, key_of
from tests.infra.worker.log_in_memory import MemoryLog, Plain


class Database:
    """One deployment's read models, and the news that they told."""

    def __init__(self, settings: Settings, pool: Pool, log: MemoryLog) -> None:
        self.settings = settings
        self.pool = pool
        self.log = log
        self.news: list[tuple[Partition, News]] = []
        self.losses: list[str] = []

    def subscriber(
        self,
        model: Model,
        commits: Commits | None = None,
        together: GroupCommit | None = None,
    ) -> ModelSubscriber:
        """A new worker's subscriber, which knows nothing but what is stored."""
        places = Places(model.name, self.pool, cast("Log", self.log), together=together)
        return ModelSubscriber(model, places, Plain(), self, commits)

    async def consume(self, model: Model, partition: Partition) -> None:
        """Let a new subscriber take in all that the log holds."""
        subscriber = self.subscriber(model)
        await subscriber.resume(partition)
        await subscriber.consume(partition, progress.read(self.log.entries[partition]))

    async def rows(self, table: Table) -> dict[Key, Row]:
        """What the table's view shows, by key."""
        names = column_names(table)
        query = f"select {', '.join(names)} from {table.name}"
        found = [dict(zip(names, row, strict=True)) for row in await self.fetch(query)]
        return {key_of(table, row): row for row in found}

    async def fetch(self, query: str, *values: object) -> Sequence[tuple[object, ...]]:
        """The rows of any query."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute(query.encode(), values)
            rows: Sequence[tuple[object, ...]] = (
                await cursor.fetchall() if cursor.rownumber is not None else []
            )
        return rows

    def tell(self, partition: Partition, news: Sequence[News]) -> None:
        """Keeps news."""
        self.news += [(partition, one) for one in news]

    def lost(self, why: str) -> None:
        """Keeps what was said of losses."""
        self.losses.append(why)


@asynccontextmanager
async def database(settings: Settings, *models: Model) -> AsyncIterator[Database]:
    """A database with the tables of the models."""
    async with open_pool(settings.postgres, role="tests") as pool:
        await ensure_models(pool, settings, models)
        yield Database(settings, pool, MemoryLog())
