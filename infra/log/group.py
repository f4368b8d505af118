"""Who should own which partition: a consumer group, used only for advice.

Kafka shares partitions out among the living instances and moves few of them when one comes or
goes. Nothing is read or committed through the group, and a rebalance stops no healthy owner: the
log alone says who owns (docs/adr/0001-log-fenced-writer.md).
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError

from events.topics import Partition, Topic
from infra.config import Settings
from infra.config_servers import KafkaSettings
from infra.log.kafka_clients import START_SECONDS, stop_consumer
from infra.log.topics import kafka_name

GROUP: Final = "commands"

_SESSION_TIMEOUT_MS: Final = 10_000
_HEARTBEAT_INTERVAL_MS: Final = 1000
_LOOK_MS: Final = 1000
_AGAIN_SECONDS: Final = 1.0

_log = logging.getLogger(__name__)


async def advised(
    settings: Settings, topics: Sequence[Topic]
) -> AsyncGenerator[frozenset[Partition], None]:
    """The partitions advised to this instance: at first and after every change, for ever.

    While the brokers are away the last advice stands. Close it (`contextlib.aclosing`) to leave
    the group.
    """
    names = {kafka_name(settings.kafka, topic.name): topic.name for topic in topics}
    last: frozenset[Partition] | None = None
    while True:
        consumer = _member(settings.kafka)
        try:
            async with asyncio.timeout(START_SECONDS):
                await consumer.start()
            told = _Told(consumer)
            consumer.subscribe(list(names), listener=told)
            while True:
                assigned = await told.next()
                advice = frozenset(Partition(names[tp.topic], tp.partition) for tp in assigned)
                if advice != last:
                    last = advice
                    yield advice
        except (KafkaError, OSError, TimeoutError) as error:
            _log.warning("Without advice on partitions for now: %s", error or type(error).__name__)
        finally:
            await stop_consumer(consumer)
        await asyncio.sleep(_AGAIN_SECONDS)


class _Told(ConsumerRebalanceListener):  # type: ignore[misc]
    """Hears of each assignment, and keeps the consumer from fetching anything."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._assigned: Collection[TopicPartition] = ()
        self._news = asyncio.Event()

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Nothing: an assignment follows, and until then the last advice stands."""

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Notes the assignment."""
        self._consumer.pause(*assigned)
        self._assigned = assigned
        self._news.set()

    async def next(self) -> Collection[TopicPartition]:
        """The next assignment; raises KafkaError when the membership has failed for good."""
        while not self._news.is_set():
            # Finds errors of the group in passing; all partitions are paused.
            await self._consumer.getmany(timeout_ms=_LOOK_MS)
        self._news.clear()
        return self._assigned


def _member(settings: KafkaSettings) -> AIOKafkaConsumer:
    # aiokafka's assignor remembers on its class what it was assigned: each member needs its own.
    assignor = type("Sticky", (StickyPartitionAssignor,), {})
    return AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap,
        group_id=f"{settings.prefix}{GROUP}",
        partition_assignment_strategy=(assignor,),
        enable_auto_commit=False,
        auto_offset_reset="latest",
        session_timeout_ms=_SESSION_TIMEOUT_MS,
        heartbeat_interval_ms=_HEARTBEAT_INTERVAL_MS,
        request_timeout_ms=_SESSION_TIMEOUT_MS * 2,
    )
