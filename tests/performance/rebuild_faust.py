"""The stock Faust agent in a process of its own; a turn lasts until all its events are rows."""

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
from tests.performance.mix import Plain, said
from tests.performance.upserts import tables
from tests.performance.waiting import until
from tests.stack import ROOT

SCHEMA: Final = "bench_faust"
READY_S: Final = 60.0
APPLIED_S: Final = 120.0


class FaustUpserts:
    """A topic, the agent that reads it, and the plain model of what was written there."""

    def __init__(self, dsn: str, topic: str, producer: AIOKafkaProducer) -> None:
        self._dsn = dsn
        self._topic = topic
        self._producer = producer
        self.plain = Plain()

    async def turn(self, happenings: Sequence[Happening]) -> Turn:
        """From the first event in the topic to the row of the last; raises `TimeoutError`."""
        events = [*happenings, _last(happenings[-1])]
        began = time.perf_counter()
        await asyncio.gather(*[await self._send(one) for one in events])
        await self._applied(events[-1])
        elapsed_s = time.perf_counter() - began
        self.plain.take(one.event for one in events)
        return at_rate(len(events), elapsed_s)

    async def _send(self, one: Happening) -> "asyncio.Future[object]":
        value = msgspec.json.encode(said(one))
        sent: asyncio.Future[object] = await self._producer.send(self._topic, value)
        return sent

    async def _applied(self, last: Happening) -> None:
        query = f"select 1 from {SCHEMA}.posts where post_id = %s".encode()
        connection = await psycopg.AsyncConnection.connect(self._dsn, autocommit=True)
        async with connection:

            async def applied() -> bool:
                cursor = await connection.execute(query, (last.shard,))
                return await cursor.fetchone() is not None

            await until(applied, APPLIED_S)

    def check(self) -> None:
        """Raises `WrongAnswers` unless its rows are what happened."""
        self.plain.check("Faust", self._dsn, SCHEMA)


@asynccontextmanager
async def faust_upserts(settings: Settings, folder: Path) -> AsyncIterator[FaustUpserts]:
    """The agent, assigned and idle; `folder` is for its files and what it says."""
    dsn, topic = settings.postgres.dsn, f"{settings.kafka.prefix}happenings"
    await asyncio.to_thread(_tables, dsn)
    await _make_topic(settings.kafka.bootstrap, topic)
    process = Process(_recipe(settings, topic, folder), folder / "faust.log", dies_with_parent=True)
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka.bootstrap)
    await producer.start()
    try:
        process.spawn()
        peer = FaustUpserts(dsn, topic, producer)
        async with asyncio.timeout(READY_S):
            # Once it has applied one event, it is assigned.
            await peer.turn([_post(uuid4())])
        yield peer
    finally:
        await producer.stop()
        process.kill()


def _recipe(settings: Settings, topic: str, folder: Path) -> Recipe:
    return Recipe(
        name="faust",
        argv=(
            *(sys.executable, "-m", "tests.performance.faust_upserts"),
            *("worker", "--without-web", "--loglevel=warn"),
        ),
        ready=lambda: True,
        environ={
            "PYTHONPATH": str(ROOT),
            "PROJECTOR_TOPIC": topic,
            "PROJECTOR_BROKER": settings.kafka.bootstrap,
            "PROJECTOR_DSN": settings.postgres.dsn,
            "PROJECTOR_SCHEMA": SCHEMA,
            "PROJECTOR_DATA": str(folder / "faust"),
        },
    )


def _tables(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(tables(SCHEMA))


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
