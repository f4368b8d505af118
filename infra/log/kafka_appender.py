"""Appending to one partition: one idempotent producer, one batch at a time.

(docs/adr/0001-log-fenced-writer.md)
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from events.topics import Partition
from infra.config_servers import KafkaSettings
from infra.log.kafka_clients import (
    START_SECONDS,
    STOP_SECONDS,
    start_producer,
    stop_producer,
    unavailable,
)
from infra.log.meters import AppendMeter
from infra.log.port import AppendUnknown, LogUnavailable

SEND_SECONDS: Final = 10.0
"""How long an append may take. A shorter one gains nothing: while a broker is away no one else
can append either, and every claim given up on may still land and depose its own author."""


class KafkaAppender:
    """The producer of one partition. Spent by the first append that is not surely durable."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, partition: Partition) -> None:
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._spent = ""
        self._meter = AppendMeter(partition.topic)

    async def append(self, records: Sequence[tuple[bytes, bytes]]) -> int:
        """The base offset of the records, once all in-sync replicas have them."""
        batch = self._batch(records)
        if self._spent:
            raise AppendUnknown(f"{self._partition}: {self._spent}")
        # Until the answer is in, and for ever if this task is cancelled, nobody may append here.
        self._spent = "an earlier append of this producer has no answer"
        started = time.monotonic()
        try:
            offset = await self._sent(batch)
        except AppendUnknown:
            self._meter.unknown(time.monotonic() - started)
            raise
        self._meter.acknowledged(len(records), time.monotonic() - started)
        self._spent = ""
        return offset

    async def close(self) -> None:
        """Lets go within a second; what waits for an answer gets `AppendUnknown`."""
        patient = not self._spent
        self._spent = "this producer is closed"
        await stop_producer(self._producer, patient=patient)

    async def _sent(self, batch: BatchBuilder) -> int:
        """The base offset that the broker gave the batch; raises `AppendUnknown`."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                delivery = await self._producer.send_batch(
                    batch, self._topic, partition=self._partition.number
                )
                answer = await delivery
        except (KafkaError, OSError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise AppendUnknown(f"{self._partition}: {reason}") from error
        # A broker that knows a batch as a duplicate, but no longer where it stands, answers -1.
        if answer.offset < 0:
            raise AppendUnknown(f"{self._partition}: the broker gave no offset")
        return int(answer.offset)

    def _batch(self, records: Sequence[tuple[bytes, bytes]]) -> BatchBuilder:
        if not records:
            raise ValueError("An append needs at least one record.")
        batch = self._producer.create_batch()
        for key, value in records:
            if batch.append(key=key, value=value, timestamp=None) is None:
                raise ValueError(f"{len(records)} records are more than one batch can hold.")
        batch.close()
        return batch


async def bound(producer: AIOKafkaProducer, topic: str, partition: Partition) -> KafkaAppender:
    """The producer as the partition's appender.

    Stops it and raises `LogUnavailable` when the brokers know no such partition.
    """
    try:
        with unavailable(f"Looking for {topic}"):
            async with asyncio.timeout(START_SECONDS):
                numbers = await producer.partitions_for(topic)
        if partition.number not in numbers:
            raise LogUnavailable(f"{topic} has no partition {partition.number}.")
    except BaseException:
        await stop_producer(producer)
        raise
    return KafkaAppender(producer, topic, partition)


class Spare:
    """One producer kept started, so that a takeover waits for no connection."""

    def __init__(self, settings: KafkaSettings, topics: Sequence[str]) -> None:
        self._settings = settings
        self._topics = topics
        self._next: asyncio.Task[AIOKafkaProducer] | None = None
        self.prepare()

    def prepare(self) -> None:
        """Starts the next producer in the background."""
        if self._next is None:
            self._next = asyncio.create_task(start_producer(self._settings, self._topics))

    async def take(self) -> AIOKafkaProducer:
        """A started producer, for the caller alone; raises `LogUnavailable`."""
        prepared, self._next = self._next, None
        try:
            if prepared is not None:
                return await prepared
        except LogUnavailable:
            # The brokers were away when it was prepared, perhaps long ago: they are asked again.
            pass
        finally:
            self.prepare()
        return await start_producer(self._settings, self._topics)

    async def close(self) -> None:
        """Lets the spare go."""
        prepared, self._next = self._next, None
        if prepared is None:
            return
        # Cancelled amid its first connection, aiokafka would leave that one open: it gets a moment.
        await asyncio.wait({prepared}, timeout=STOP_SECONDS)
        prepared.cancel()
        with suppress(LogUnavailable, asyncio.CancelledError):
            await stop_producer(await prepared)
