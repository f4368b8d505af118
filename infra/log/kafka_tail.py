"""Follows many partitions of the log indefinitely, with one consumer."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from infra.config_servers import KafkaSettings
from infra.log.kafka_clients import start_consumer, stop_consumer, unavailable
from infra.log.kafka_reader import entries_of
from infra.log.port import Entry

Places = Mapping[TopicPartition, int]

_FETCH_WAIT_MS: Final = 200
"""How often the broker is asked at rest, and how long a place taken up again waits at most."""
_POLL_MS: Final = 5000
_LOOK_MS: Final = 20
_PAUSE_S: Final = 0.005
_RECORDS_MAX: Final = 10_000


async def tail(
    settings: KafkaSettings, starts: Places, known: Callable[[], Places]
) -> AsyncGenerator[tuple[TopicPartition, list[Entry]], None]:
    """New entries of each place from its start on, for ever, except while `known` names the place.

    The consumer finds leaders and reconnects by itself. Raises `LogUnavailable` when it cannot
    start, `LogTruncated` for a start beyond the end.
    """
    consumer = await start_consumer(settings, list(starts), fetch_wait_ms=_FETCH_WAIT_MS)
    try:
        for place, start in starts.items():
            consumer.seek(place, start)
        consumer.resume(*starts)
        aside = _Aside(consumer, starts)
        while True:
            aside.look(known())
            with unavailable("Tailing the log"):
                batches = await consumer.getmany(
                    timeout_ms=_LOOK_MS if aside else _POLL_MS, max_records=_RECORDS_MAX
                )
            for place, records in batches.items():
                aside.passed[place] = records[-1].offset + 1
                yield place, entries_of(records)
            if sum(map(len, batches.values())) < _RECORDS_MAX:
                # Under load each fetch would bring a record or two, at the cost of many.
                await asyncio.sleep(_PAUSE_S)
    finally:
        await stop_consumer(consumer)


class _Aside:
    """The places that are left alone for now; `passed` is how far each place is followed."""

    def __init__(self, consumer: AIOKafkaConsumer, starts: Places) -> None:
        self._consumer = consumer
        self._places: set[TopicPartition] = set()
        self.passed = dict(starts)

    def __bool__(self) -> bool:
        return bool(self._places)

    def look(self, known: Places) -> None:
        """Sets aside what is known, and takes up again behind it what is not any more."""
        for place, offset in known.items():
            self.passed[place] = max(offset, self.passed[place])
            if place not in self._places:
                self._places.add(place)
                self._consumer.pause(place)
        for place in self._places - known.keys():
            self._places.remove(place)
            self._consumer.seek(place, self.passed[place])
            self._consumer.resume(place)
