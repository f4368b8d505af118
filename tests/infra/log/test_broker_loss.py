"""The broker is paused or killed under the log's clients: everything ends in time, and returns."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, suppress

import pytest

from events.topics import Partition
from infra.config import Settings
from infra.local.process import Process
from infra.log import kafka_appender
from infra.log.kafka import KafkaLog, open_log
from infra.log.kafka_appender import KafkaAppender
from infra.log.port import AppendUnknown, Entry, LogUnavailable
from infra.log.topics import ensure
from infra.telemetry.metrics import REGISTRY
from tests.stack import Stack

PEOPLE = Partition("people", 0)
DEADLINE_S = 2.0
IN_TIME_S = 20.0
"""Nothing here may wait for a broker; the client, left alone, would wait for ever."""
BACK_S = 60.0
"""A broker that was killed may need as long, on a busy machine, until it leads again."""

pytestmark = pytest.mark.faults


@pytest.fixture(autouse=True)
def short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_appender, "SEND_SECONDS", DEADLINE_S)


@pytest.fixture
async def settings(stack: Stack) -> Settings:
    settings = stack.settings()
    await ensure(settings)
    return settings


@pytest.fixture
async def log(settings: Settings) -> AsyncIterator[KafkaLog]:
    async with open_log(settings) as opened:
        yield opened


@pytest.fixture(params=["paused", "killed"])
def broker(request: pytest.FixtureRequest, stack: Stack) -> Iterator["Broker"]:
    broker = Broker(stack.kafka, paused=request.param == "paused")
    yield broker
    broker.back()


class Broker:
    """A broker that goes away in one of two ways, and comes back."""

    def __init__(self, process: Process, *, paused: bool) -> None:
        self._process = process
        self._paused = paused
        self._away = False

    def away(self) -> None:
        self._away = True
        if self._paused:
            self._process.pause()
        else:
            self._process.kill()

    def back(self) -> None:
        if not self._away:
            return
        self._away = False
        if self._paused:
            self._process.resume()
        else:
            self._process.start()
            self._process.wait_ready()


async def ends_unknown(appender: KafkaAppender) -> None:
    async with asyncio.timeout(IN_TIME_S):
        with pytest.raises(AppendUnknown):
            await appender.append([(b"key", b"lost or not")])


async def closes(appender: KafkaAppender) -> None:
    async with asyncio.timeout(IN_TIME_S):
        await appender.close()


def appends(outcome: str) -> float:
    labels = {"topic": PEOPLE.topic, "outcome": outcome}
    return REGISTRY.get_sample_value("agora_append_seconds_count", labels) or 0.0


async def test_an_append_ends_unknown_and_closes_in_time(log: KafkaLog, broker: Broker) -> None:
    before = (appends("ok"), appends("unknown"))
    appender = await log.appender(PEOPLE)
    await appender.append([(b"key", b"durable")])
    broker.away()

    await ends_unknown(appender)
    with pytest.raises(AppendUnknown):
        await appender.append([(b"key", b"never")])
    await closes(appender)
    # The third one was refused before it was sent.
    assert (appends("ok"), appends("unknown")) == (before[0] + 1, before[1] + 1)


async def test_closing_under_an_append_ends_it_as_unknown(
    log: KafkaLog, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its own deadline is far off.
    monkeypatch.setattr(kafka_appender, "SEND_SECONDS", 10 * IN_TIME_S)
    appender = await log.appender(PEOPLE)
    await appender.append([(b"key", b"durable")])
    broker.away()

    append = asyncio.create_task(ends_unknown(appender))
    await asyncio.sleep(0.2)
    await closes(appender)
    await append


async def test_an_idle_appender_closes_in_time(log: KafkaLog, broker: Broker) -> None:
    appender = await log.appender(PEOPLE)
    broker.away()
    await closes(appender)


async def test_what_was_durable_is_read_once_the_broker_is_back(
    log: KafkaLog, broker: Broker
) -> None:
    appender = await log.appender(PEOPLE)
    await appender.append([(b"key", b"durable")])
    await appender.close()
    assert await log.end(PEOPLE) == 1
    broker.away()

    for _ in range(2):
        with pytest.raises(LogUnavailable):
            await log.read(PEOPLE, 0, 1)
    broker.back()

    async with asyncio.timeout(BACK_S):
        assert [entry.value for entry in await eventually_read(log)] == [b"durable"]
        await appended(log, b"again")


async def eventually_read(log: KafkaLog) -> list[Entry]:
    while True:
        try:
            return list(await log.read(PEOPLE, 0, 1))
        except LogUnavailable:
            await asyncio.sleep(0.1)


async def test_a_tail_outlives_the_broker(log: KafkaLog, broker: Broker) -> None:
    first = await log.appender(PEOPLE)
    await first.append([(b"key", b"before")])
    await first.close()
    async with asyncio.timeout(BACK_S), aclosing(log.tail({PEOPLE: 0})) as tail:
        _, [before] = await anext(tail)
        broker.away()
        waiting = asyncio.create_task(anext(tail))
        await asyncio.sleep(1)
        broker.back()
        await appended(log, b"after")
        _, [after, *_] = await waiting
    assert (before.value, after.value) == (b"before", b"after")


async def appended(log: KafkaLog, value: bytes) -> None:
    """Until an append is known to have landed; a broker that has just come back takes its time."""
    landed = False
    while not landed:
        with suppress(LogUnavailable):
            appender = await log.appender(PEOPLE)
            with suppress(AppendUnknown):
                await appender.append([(b"key", value)])
                landed = True
            await appender.close()


async def test_a_log_opens_while_the_broker_is_away(settings: Settings, broker: Broker) -> None:
    broker.away()
    async with asyncio.timeout(BACK_S), open_log(settings) as log:
        with pytest.raises(LogUnavailable):
            await log.appender(PEOPLE)
        broker.back()
        await appended(log, b"value")
        assert [entry.value for entry in await log.read(PEOPLE, 0, 1)] == [b"value"]
