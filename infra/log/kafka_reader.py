"""Reading stretches of the log, through a pool of paused consumers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from infra.config_servers import KafkaSettings
from infra.log.kafka_clients import start_consumer, stop_consumer, unavailable
from infra.log.port import Entry, LogUnavailable

SILENCE_SECONDS: Final = 5.0
"""How long a read waits for the next entry that the log has said it holds."""

_IDLE_CONSUMERS_MAX: Final = 16
_READ_WAIT_MS: Final = 5
_STREAM_BYTES: Final = 4 << 20


class Readers:
    """Consumers of one partition each, paused between two reads so that they cost nothing."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._idle: list[tuple[TopicPartition, AIOKafkaConsumer]] = []
        self._stopping: set[asyncio.Task[None]] = set()

    async def end(self, place: TopicPartition) -> int:
        """The offset after the last durable record; raises `LogUnavailable`."""
        async with self._borrowed(place) as consumer:
            return await _end(consumer, place)

    async def offset_at(self, place: TopicPartition, at: datetime) -> int:
        """The first offset with that time or a later one; raises `LogUnavailable`."""
        async with self._borrowed(place) as consumer:
            found = await consumer.offsets_for_times({place: int(at.timestamp() * 1000)})
            return int(found[place].offset) if found[place] else await _end(consumer, place)

    async def read(self, place: TopicPartition, start: int, stop: int) -> list[Entry]:
        """The entries of [start, stop) as far as they exist; raises `LogUnavailable`."""
        if start >= stop:
            return []
        async with self._borrowed(place) as consumer:
            stop = min(stop, await _end(consumer, place))
            if start >= stop:
                return []
            consumer.seek(place, start)
            consumer.resume(place)
            entries = await _stretch(consumer, place, start, stop)
            consumer.pause(place)
            return entries

    async def close(self) -> None:
        """Lets every consumer go."""
        idle, self._idle = self._idle, []
        for _, consumer in idle:
            self._drop(consumer)
        if self._stopping:
            await asyncio.wait(self._stopping)

    @asynccontextmanager
    async def _borrowed(self, place: TopicPartition) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = self._take(place) or await start_consumer(
            self._settings, [place], fetch_wait_ms=_READ_WAIT_MS
        )
        try:
            with unavailable(f"Reading {place.topic}-{place.partition}"):
                yield consumer
        except BaseException:
            self._drop(consumer)
            raise
        self._idle.append((place, consumer))
        if len(self._idle) > _IDLE_CONSUMERS_MAX:
            self._drop(self._idle.pop(0)[1])

    def _take(self, place: TopicPartition) -> AIOKafkaConsumer | None:
        for index in reversed(range(len(self._idle))):
            if self._idle[index][0] == place:
                return self._idle.pop(index)[1]
        return None

    def _drop(self, consumer: AIOKafkaConsumer) -> None:
        task = asyncio.create_task(stop_consumer(consumer))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)


async def stream(
    settings: KafkaSettings, place: TopicPartition, start: int, stop: int
) -> AsyncGenerator[list[Entry], None]:
    """The entries of [start, stop) in order, a batch at a time; raises `LogUnavailable`.

    The next batches are fetched while one is worked on. `stop` must not be beyond the end.
    """
    if start >= stop:
        return
    consumer = await start_consumer(
        settings, [place], fetch_wait_ms=_READ_WAIT_MS, fetch_bytes=_STREAM_BYTES
    )
    try:
        consumer.seek(place, start)
        consumer.resume(place)
        while start < stop:
            with unavailable(f"Reading {place.topic}-{place.partition}"):
                entries = await _some(consumer, place, start, stop)
            yield entries
            start = entries[-1].offset + 1
    finally:
        await stop_consumer(consumer)


async def _end(consumer: AIOKafkaConsumer, place: TopicPartition) -> int:
    return int((await consumer.end_offsets([place]))[place])


async def _stretch(
    consumer: AIOKafkaConsumer, place: TopicPartition, start: int, stop: int
) -> list[Entry]:
    entries: list[Entry] = []
    while start < stop:
        entries += await _some(consumer, place, start, stop)
        start = entries[-1].offset + 1
    return entries


async def _some(
    consumer: AIOKafkaConsumer, place: TopicPartition, start: int, stop: int
) -> list[Entry]:
    """What comes next of [start, stop), which the log has said it holds."""
    batches = await consumer.getmany(
        place, timeout_ms=int(SILENCE_SECONDS * 1000), max_records=stop - start
    )
    records = batches.get(place)
    if not records:
        raise LogUnavailable(
            f"{place.topic}-{place.partition} ends at {stop} or later, "
            f"but its brokers do not hand out offset {start}."
        )
    return entries_of(records)


def entries_of(records: Sequence[Any]) -> list[Entry]:
    """Kafka's records as entries."""
    return [Entry(record.offset, record.key, record.value) for record in records]
