"""Kafka clients that start and stop within a bound, whatever the brokers do.

Left alone, aiokafka retries for ever while a broker is away, and its `stop()` waits for that.
Every start here has a deadline and every stop ends within `STOP_SECONDS`, by force if need be.
A producer stopped by force may still have a request on its way: the log decides what became of it.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, OffsetOutOfRangeError, ProducerClosed

from infra.config_servers import KafkaSettings
from infra.log.port import LogTruncated, LogUnavailable

BATCH_BYTES_MAX: Final = 20 << 20
"""The largest batch of records, with room for keys and framing around the largest setting."""

START_SECONDS: Final = 5.0
STOP_SECONDS: Final = 0.9

_RETRY_BACKOFF_MS: Final = 50
_GRACE_SECONDS: Final = 0.4
_CANCEL_SECONDS: Final = 0.1
FETCH_BYTES_MAX: Final = 1 << 20

_log = logging.getLogger(__name__)


@contextmanager
def unavailable(doing: str) -> Iterator[None]:
    """Turns what Kafka's client raises while `doing` something into `LogUnavailable`."""
    try:
        yield
    except OffsetOutOfRangeError as error:
        raise LogTruncated(f"{doing}: the place is beyond the end of the log.") from error
    except (KafkaError, OSError, TimeoutError) as error:
        raise LogUnavailable(f"{doing}: {_said(error)}") from error


async def start_producer(settings: KafkaSettings, topics: Sequence[str]) -> AIOKafkaProducer:
    """An idempotent producer, connected to every broker and knowing `topics`.

    It is bound to no partition until its first batch. Raises `LogUnavailable`.
    """
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap,
        enable_idempotence=True,
        acks="all",
        linger_ms=0,
        max_batch_size=BATCH_BYTES_MAX,
        max_request_size=BATCH_BYTES_MAX,
        request_timeout_ms=settings.request_timeout_ms,
        retry_backoff_ms=_RETRY_BACKOFF_MS,
    )
    try:
        with unavailable("Starting a producer"):
            async with asyncio.timeout(START_SECONDS):
                await producer.start()
                await producer.client.set_topics(topics)
                for broker in producer.client.cluster.brokers():
                    await producer.client.ready(broker.nodeId)
    except BaseException:
        await stop_producer(producer)
        raise
    return producer


async def start_consumer(
    settings: KafkaSettings,
    places: Sequence[TopicPartition],
    *,
    fetch_wait_ms: int,
    fetch_bytes: int = FETCH_BYTES_MAX,
) -> AIOKafkaConsumer:
    """A consumer of exactly `places`, without a group; raises `LogUnavailable`.

    `fetch_bytes` is how much of a place is fetched at once. `fetch_wait_ms` is how long a broker
    holds back an answer while there is nothing new; a seek to another place waits as long, because
    one request at a time is on its way to a broker.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        fetch_max_wait_ms=fetch_wait_ms,
        max_partition_fetch_bytes=fetch_bytes,
        request_timeout_ms=settings.request_timeout_ms,
        retry_backoff_ms=_RETRY_BACKOFF_MS,
    )
    try:
        with unavailable("Starting a consumer"):
            async with asyncio.timeout(START_SECONDS):
                consumer.assign(list(places))
                consumer.pause(*places)
                await consumer.start()
    except BaseException:
        await stop_consumer(consumer)
        raise
    return consumer


async def stop_producer(producer: AIOKafkaProducer, *, patient: bool = True) -> None:
    """Lets the producer go within `STOP_SECONDS`; batches not sent by then are dropped.

    One whose last batch got no answer deserves no patience: it waits for that very answer.
    """
    stopping = asyncio.create_task(producer.stop())
    if await _ended(stopping, _GRACE_SECONDS if patient else 0):
        return
    _give_up_batches(producer)
    sender = producer._sender.sender_task  # noqa: SLF001
    if sender is not None:
        await _cancelled(sender)
    await _cancelled(stopping)
    await _cut(producer.client)


def _give_up_batches(producer: AIOKafkaProducer) -> None:
    """Fails what waits to be sent or answered, which is what stop() waits for."""
    waiting = producer._message_accumulator  # noqa: SLF001
    batches = [*chain.from_iterable(waiting._batches.values()), *waiting._pending_batches]  # noqa: SLF001
    waiting.fail_all(ProducerClosed())
    for batch in batches:
        # Seen here, so that the loop does not complain of what nobody awaits any more.
        for future in (batch.future, batch._drain_waiter):  # noqa: SLF001
            if future.done() and not future.cancelled():
                future.exception()


async def stop_consumer(consumer: AIOKafkaConsumer) -> None:
    """Lets the consumer go within `STOP_SECONDS`."""
    stopping = asyncio.create_task(consumer.stop())
    if await _ended(stopping, _GRACE_SECONDS):
        return
    await _cancelled(stopping)
    await _cut(consumer._client)  # noqa: SLF001


async def _cut(client: AIOKafkaClient) -> None:
    """Closes the client's connections without waiting for what they still hold."""
    for connection in list(client._conns.values()):  # noqa: SLF001
        writer = connection._writer  # noqa: SLF001
        if writer is not None:
            writer.transport.abort()
    closing = asyncio.create_task(client.close())
    if not await _ended(closing, _CANCEL_SECONDS):
        await _cancelled(closing)


async def _cancelled(task: asyncio.Task[Any]) -> None:
    """Cancels the task; twice, as a sender swallows the first to wait for its last request."""
    for _ in range(2):
        if task.done():
            break
        task.cancel()
        if await _ended(task, _CANCEL_SECONDS):
            break


async def _ended(task: asyncio.Task[Any], seconds: float) -> bool:
    """Whether the task ends in time. What it raised is worth no more than a line: it is over."""
    await asyncio.wait({task}, timeout=seconds)
    if not task.done():
        return False
    if not task.cancelled() and (error := task.exception()):
        _log.debug("A Kafka client did not stop cleanly: %s", _said(error))
    return True


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
