"""Real servers with worker processes and a load, and what the rows must come to."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from events.topics import PEOPLE, POSTS, parse_partition
from infra.config import Settings
from infra.crypto import key_vault
from infra.crypto.keyring import KeyRing, open_keyring
from infra.crypto.keys import load_key
from infra.log import topics
from infra.log.kafka import KafkaLog, open_log
from infra.postgres.pool import Pool, open_pool
from infra.postgres.schema import ensure
from infra.worker import checkpoints
from projections.model import Model
from projections.models import MODELS
from projections.tables import Key, Row, Table, column_names, key_of
from tests.projections.histories import any_event, any_post_event, fold_of
from tests.projections.workers import Load, Workers, nimble, workers
from tests.stack import Stack

EVERYBODY = [UUID(int=number) for number in range(1, 61)]
KINDS = ((PEOPLE, any_event), (POSTS, any_post_event))
SECONDS = 90.0


class World(Struct):
    """Real servers, workers, and a load that went through."""

    settings: Settings
    pool: Pool
    log: KafkaLog
    keys: KeyRing
    load: Load
    workers: Workers
    chance: random.Random

    async def grow(self, decisions: int) -> None:
        """Append random decisions of all people and posts, some events each."""
        for _ in range(0, decisions, 50):
            for topic, anything in KINDS:
                shards = self.chance.choices(EVERYBODY, k=25)
                await self.load.decide(
                    topic,
                    [
                        (one, [anything(self.chance, one, EVERYBODY) for _ in range(2)])
                        for one in shards
                    ],
                )

    async def caught_up(self, models: Sequence[Model] = MODELS) -> None:
        """Wait until these models have consumed all that was appended."""
        wanted = {
            (model.name, place): end
            for model in models
            for place, end in self.load.ends.items()
            if parse_partition(place).topic in {topic.name for topic in model.topics}
        }
        found: dict[tuple[str, str], int] = {}
        try:
            async with asyncio.timeout(SECONDS):
                while not wanted.items() <= found.items():
                    await asyncio.sleep(0.05)
                    found = await self.reached()
        except TimeoutError:
            raise AssertionError(f"{found}\n{self.workers.logs()}") from None

    async def reached(self) -> dict[tuple[str, str], int]:
        async with self.pool.connection() as connection:
            cursor = await connection.execute('select model, partition, "offset" from checkpoints')
            return {(model, place): offset for model, place, offset in await cursor.fetchall()}

    async def assert_rows_equal_the_fold(self, models: Sequence[Model] = MODELS) -> None:
        """Every table of the models, against the whole log folded in memory."""
        log = {
            partition: await self.log.read(partition, 0, await self.log.end(partition))
            for partition in topics.all_partitions(self.settings)
        }
        for model in models:
            await self.keys.load(EVERYBODY)
            for table, expected in fold_of(log, model, self.keys).items():
                assert await self.rows(table) == expected
                assert expected

    async def rows(self, table: Table) -> dict[Key, Row]:
        names = column_names(table)
        async with self.pool.connection() as connection:
            query = f"select {', '.join(names)} from {table.name}"
            cursor = await connection.execute(query.encode())
            found = [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]
        return {key_of(table, row): row for row in found}


@asynccontextmanager
async def running_world(stack: Stack, folder: Path) -> AsyncIterator[World]:
    """Topics, tables and a load to begin; no worker runs yet. Their logs go to `folder`."""
    settings = nimble(stack.settings())
    await topics.ensure(settings)
    patient = replace(settings.postgres, pool_wait_ms=60_000)
    async with open_log(settings) as log, open_pool(patient, role="tests") as pool:
        await ensure(pool, settings, [*key_vault.TABLES, *checkpoints.DDL])
        crypto = settings.crypto
        master = load_key("crypto.master_key_file", crypto.master_key_file)
        keys = await open_keyring(pool, master)
        load = Load(settings, log, keys)
        await load.begin(EVERYBODY)
        with workers(settings, folder) as running:
            yield World(settings, pool, log, keys, load, running, random.Random(7))


@asynccontextmanager
async def meanwhile(work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Do the work over and over while something else goes on."""
    ended = asyncio.Event()

    async def again() -> None:
        while not ended.is_set():
            await work()

    task = asyncio.create_task(again())
    try:
        yield
    finally:
        ended.set()
        await task
