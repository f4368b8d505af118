"""The log in Kafka. Implements `infra.log.port`; knows nothing of what records mean.

Nothing here needs the brokers to be there: what is asked while they are away fails within its
deadline, and works again once they are back.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime

from aiokafka import TopicPartition

from events.topics import TOPICS, Partition
from infra.config import Settings
from infra.config_servers import KafkaSettings
from infra.log import kafka_reader, kafka_tail
from infra.log.kafka_appender import KafkaAppender, Spare, bound
from infra.log.kafka_reader import Readers
from infra.log.port import Entry, Known, nothing
from infra.log.topics import kafka_name


class KafkaLog:
    """All partitions of one deployment, as `Log`."""

    def __init__(self, settings: KafkaSettings, spare: Spare, readers: Readers) -> None:
        self._settings = settings
        self._spare = spare
        self._readers = readers

    async def appender(self, partition: Partition) -> KafkaAppender:
        """A fresh producer, ready to send; raises `LogUnavailable`."""
        topic = kafka_name(self._settings, partition.topic)
        return await bound(await self._spare.take(), topic, partition)

    async def end(self, partition: Partition) -> int:
        """The offset after the last durable record; raises `LogUnavailable`."""
        return await self._readers.end(self._place(partition))

    async def offset_at(self, partition: Partition, at: datetime) -> int:
        """The offset of the first record sent `at` that time or later; the end if there is none.

        Times are those of the senders' clocks. Raises `LogUnavailable`.
        """
        return await self._readers.offset_at(self._place(partition), at)

    async def read(self, partition: Partition, start: int, stop: int) -> Sequence[Entry]:
        """The entries of [start, stop), in order; fewer when `stop` is beyond the end.

        They are all held in memory: page through long stretches. Raises `LogUnavailable`.
        """
        return await self._readers.read(self._place(partition), start, stop)

    async def stream(
        self, partition: Partition, start: int, stop: int
    ) -> AsyncGenerator[Sequence[Entry], None]:
        """The entries of [start, stop) in order, a batch at a time, however many they are."""
        place = self._place(partition)
        async with aclosing(kafka_reader.stream(self._settings, place, start, stop)) as batches:
            async for entries in batches:
                yield entries

    async def tail(
        self, starts: Mapping[Partition, int], known: Known = nothing
    ) -> AsyncGenerator[tuple[Partition, Sequence[Entry]], None]:
        """Entries of many partitions from their starts on, for ever, in order for each.

        What `known` names is left alone meanwhile.
        """
        partitions = {self._place(partition): partition for partition in starts}
        places = {place: starts[partition] for place, partition in partitions.items()}

        def known_places() -> dict[TopicPartition, int]:
            return {self._place(partition): offset for partition, offset in known().items()}

        async with aclosing(kafka_tail.tail(self._settings, places, known_places)) as batches:
            async for place, entries in batches:
                yield partitions[place], entries

    def _place(self, partition: Partition) -> TopicPartition:
        return TopicPartition(kafka_name(self._settings, partition.topic), partition.number)


@asynccontextmanager
async def open_log(settings: Settings) -> AsyncIterator[KafkaLog]:
    """The deployment's log. Its appenders and tails are closed by those who asked for them."""
    topics = [kafka_name(settings.kafka, topic.name) for topic in TOPICS]
    spare = Spare(settings.kafka, topics)
    readers = Readers(settings.kafka)
    try:
        yield KafkaLog(settings.kafka, spare, readers)
    finally:
        await spare.close()
        await readers.close()
