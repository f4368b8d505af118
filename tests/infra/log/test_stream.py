"""Reading long stretches of the log batch by batch."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from events.topics import Partition
from infra.log import kafka_reader, topics
from infra.log.kafka import KafkaLog, open_log
from infra.log.port import LogUnavailable
from tests.stack import Stack

PARTITION = Partition("people", 1)
RECORDS = 9000


@pytest.fixture
async def log(stack: Stack) -> AsyncIterator[KafkaLog]:
    """A partition with more records than one fetch brings."""
    settings = stack.settings()
    await topics.ensure(settings)
    async with open_log(settings) as opened:
        appender = await opened.appender(PARTITION)
        for start in range(0, RECORDS, 1000):
            values = [str(number).encode() for number in range(start, start + 1000)]
            await appender.append([(b"k", value.ljust(700)) for value in values])
        await appender.close()
        yield opened


async def offsets(log: KafkaLog, start: int, stop: int) -> list[int]:
    found: list[int] = []
    async with aclosing(log.stream(PARTITION, start, stop)) as batches:
        async for entries in batches:
            assert all(int(entry.value or b"") == entry.offset for entry in entries)
            found += [entry.offset for entry in entries]
    return found


async def test_everything_comes_once_and_in_order(log: KafkaLog) -> None:
    assert await offsets(log, 0, RECORDS) == list(range(RECORDS))


async def test_it_starts_and_stops_where_it_is_told_to(log: KafkaLog) -> None:
    assert await offsets(log, 17, 5004) == list(range(17, 5004))
    assert await offsets(log, 8999, 9000) == [8999]
    assert await offsets(log, 30, 30) == []


async def test_it_may_be_closed_early(log: KafkaLog) -> None:
    async with aclosing(log.stream(PARTITION, 0, RECORDS)) as batches:
        async for entries in batches:
            assert entries[0].offset == 0
            break


async def test_a_start_beyond_the_end_is_an_error(log: KafkaLog) -> None:
    with pytest.raises(LogUnavailable):
        await offsets(log, RECORDS + 5, RECORDS + 10)


async def test_a_stop_beyond_the_end_is_an_error(
    log: KafkaLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_reader, "SILENCE_SECONDS", 0.5)
    with pytest.raises(LogUnavailable, match="do not hand out offset 9000"):
        await offsets(log, 8990, RECORDS + 1)
