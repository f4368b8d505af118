"""A projector of the usual kind in a process of its own, with a topic of plain JSON to itself.

What it is told comes by its environment: topic, broker, database and the schema of its tables.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import msgspec
import psycopg
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from cli.generated_history import START, Happening
from events.posts import Audience, PostPublished
from events.topics import POSTS
from infra.config import Settings
from infra.local.process import Process, Recipe
from tests.performance.figures import Turn, at_rate
from tests.performance.loads.lags import Ack
from tests.performance.loads.mix import Plain, said
from tests.performance.loads.waiting import until
from tests.performance.peers.upserts import tables
from tests.stack import ROOT

READY_S: Final = 120.0
APPLIED_S: Final = 120.0


class Projector:
    """The topic, the tables, and the plain model of what was written there."""

    def __init__(self, dsn: str, schema: str, topic: str, producer: AIOKafkaProducer) -> None:
        self.dsn = dsn
        self._schema = schema
        self._topic = topic
        self._producer = producer
        self.plain = Plain()

    async def turn(self, happenings: Sequence[Happening]) -> Turn:
        """From the first event in the topic to the row of the last; raises `TimeoutError`."""
        events = [*happenings, _last(happenings[-1])]
        began = time.perf_counter()
        await self.send(events)
        await self._applied(events[-1])
        return at_rate(len(events), time.perf_counter() - began)

    async def send(self, happenings: Sequence[Happening]) -> list[Ack]:
        """Writes them to the topic; when they were acknowledged."""
        values = [msgspec.json.encode(said(one)) for one in happenings]
        sends = [await self._producer.send(self._topic, value) for value in values]
        places = await asyncio.gather(*sends)
        self.plain.take(one.event for one in happenings)
        return [Ack(time.perf_counter(), str(place.partition), place.offset, 1) for place in places]

    async def _applied(self, last: Happening) -> None:
        query = f"select 1 from {self._schema}.posts where post_id = %s".encode()
        connection = await psycopg.AsyncConnection.connect(self.dsn, autocommit=True)
        async with connection:

            async def applied() -> bool:
                cursor = await connection.execute(query, (last.shard,))
                return await cursor.fetchone() is not None

            await until(applied, APPLIED_S)

    def check(self) -> None:
        """Raises `WrongAnswers` unless its rows are what happened."""
        self.plain.check(self._schema, self.dsn, self._schema)


@asynccontextmanager
async def projector(
    settings: Settings, folder: Path, program: Sequence[str], schema: str
) -> AsyncIterator[Projector]:
    """`python -m` this program, projecting and idle; `folder` is for its files and what it says."""
    dsn, topic = settings.postgres.dsn, f"{settings.kafka.prefix}{schema}"
    await asyncio.to_thread(_make_tables, dsn, schema)
    await _make_topic(settings.kafka.bootstrap, topic)
    environ = {
        "PYTHONPATH": str(ROOT),
        "PROJECTOR_TOPIC": topic,
        "PROJECTOR_BROKER": settings.kafka.bootstrap,
        "PROJECTOR_DSN": dsn,
        "PROJECTOR_SCHEMA": schema,
        "PROJECTOR_DATA": str(folder / schema),
    }
    argv = (sys.executable, "-m", *program)
    recipe = Recipe(name=schema, argv=argv, ready=lambda: True, environ=environ)
    process = Process(recipe, folder / f"{schema}.log", dies_with_parent=True)
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka.bootstrap)
    await producer.start()
    try:
        process.spawn()
        made = Projector(dsn, schema, topic, producer)
        async with asyncio.timeout(READY_S):
            # Once it has applied one event, it is assigned.
            await made.turn([_post(uuid4())])
        yield made
    finally:
        await producer.stop()
        process.kill()


def _make_tables(dsn: str, schema: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(tables(schema))


async def _make_topic(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


def _last(before: Happening) -> Happening:
    """A post of nobody else's, whose row says that all before it are there."""
    return _post(uuid4())._replace(at=before.at)


def _post(post: UUID) -> Happening:
    event = PostPublished(post_id=post, author_id=post, body="Last.", audience=Audience.PUBLIC)
    return Happening(POSTS, post, post, event, 1, START)
