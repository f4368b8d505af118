"""One of three brokers dies while appends go on: what was acked stays, each once, in its place."""

import asyncio
import random
from collections.abc import Sequence

import pytest

from events.topics import Partition
from infra.log.kafka import KafkaLog, open_log
from infra.log.kafka_appender import KafkaAppender
from infra.log.port import AppendUnknown, LogUnavailable
from infra.log.topics import ensure
from tests.stack import KafkaCluster, Stack

PEOPLE = Partition("people", 0)
ENOUGH = 400

pytestmark = pytest.mark.faults


async def test_acked_records_survive_the_loss_of_any_broker(
    stack: Stack, kafka_cluster: KafkaCluster
) -> None:
    settings = kafka_cluster.joined(stack.settings())
    await ensure(settings)
    broker = random.Random(4).choice(kafka_cluster.brokers)
    async with asyncio.timeout(120), open_log(settings) as log:
        writing = asyncio.create_task(appended_until_enough(log))
        await asyncio.sleep(0.3)
        broker.kill()
        acked = await writing
        await held(log, acked)

        broker.start()
        broker.wait_ready()
        await held(log, acked)


async def appended_until_enough(log: KafkaLog) -> dict[int, bytes]:
    """Appends one by one, by a new producer after each unknown outcome."""
    acked: dict[int, bytes] = {}
    appender = await log.appender(PEOPLE)
    number = 0
    while len(acked) < ENOUGH:
        number += 1
        value = b"%d" % number
        try:
            acked[await appender.append([(b"key", value)])] = value
        except AppendUnknown:
            await appender.close()
            appender = await next_appender(log)
        await asyncio.sleep(0.005)
    await appender.close()
    return acked


async def next_appender(log: KafkaLog) -> KafkaAppender:
    """An appender, once those who are left agree who leads."""
    while True:
        try:
            return await log.appender(PEOPLE)
        except LogUnavailable:
            await asyncio.sleep(0.1)


async def held(log: KafkaLog, acked: dict[int, bytes]) -> None:
    values = await eventually_read(log, max(acked) + 1)
    assert {offset: values[offset] for offset in acked} == acked
    assert len(set(values)) == len(values)


async def eventually_read(log: KafkaLog, stop: int) -> Sequence[bytes | None]:
    while True:
        try:
            entries = await log.read(PEOPLE, 0, stop)
        except LogUnavailable:
            await asyncio.sleep(0.1)
        else:
            if len(entries) == stop:
                return [entry.value for entry in entries]
