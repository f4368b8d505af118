"""The consumer that Faust is given, at the moments of a rebalance that are too short to hit."""

from collections.abc import Awaitable, Callable, Mapping
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from aiokafka import ConsumerRecord
from aiokafka.errors import NoOffsetForPartitionError
from faust.types import TP

from events.topics import Partition
from infra.log.port import LogUnavailable
from infra.worker import faust_consumer
from infra.worker.faust_consumer import APART_S, BatchConsumer

OURS, THEIRS = TP("people", 0), TP("people", 1)
Fetched = Mapping[TP, list[Any]]


def record(place: TP, offset: int) -> Any:
    return ConsumerRecord(place.topic, place.partition, offset, 0, 0, None, b"", None, 0, 0, ())


class Midway(BatchConsumer):
    """A consumer that `OURS` is assigned to, without a connection; `fetch` is its way to Kafka."""

    def __init__(self, fetch: Callable[["Midway"], Awaitable[Fetched]]) -> None:
        self.passed: list[tuple[Partition, int]] = []
        host = SimpleNamespace(pass_over=lambda *passed: self.passed.append(passed))
        self.app: Any = SimpleNamespace(host=host, partition=Partition, consumer_generation_id=7)
        self.flow_active = True
        self._active_partitions = {OURS}
        self._buffered_partitions = set()
        self._read_offset = {}
        self._fetch = fetch
        self.slept_s: list[float] = []

    should_stop = False

    async def sleep(self, seconds: Any) -> None:
        """Only noted."""
        self.slept_s.append(seconds)

    async def _getmany(self, *_: Any, **__: Any) -> Any:
        return await self._fetch(self)

    async def taken(self) -> list[TP]:
        """The partitions of what is handed on."""
        return [place async for place, _ in self.getmany(1.0)]


async def test_what_was_asked_for_before_a_rebalance_and_came_after_it_is_handed_on() -> None:
    async def fetch(consumer: Midway) -> Fetched:
        consumer.app.consumer_generation_id += 1
        return {OURS: [record(OURS, 3), record(OURS, 4)]}

    consumer = Midway(fetch)
    assert await consumer.taken() == [OURS]
    assert consumer.passed == []


async def test_lanes_are_told_of_what_came_for_partitions_that_went() -> None:
    async def fetch(consumer: Midway) -> Fetched:
        return {THEIRS: [record(THEIRS, 8)], OURS: [record(OURS, 3)]}

    consumer = Midway(fetch)
    assert await consumer.taken() == [OURS]
    assert consumer.passed == [(Partition("people", 1), 9)]


async def test_lanes_are_told_of_what_came_in_the_midst_of_a_rebalance() -> None:
    async def fetch(consumer: Midway) -> Fetched:
        consumer.flow_active = False
        return {OURS: [record(OURS, 3)]}

    consumer = Midway(fetch)
    assert await consumer.taken() == []
    assert consumer.passed == [(Partition("people", 0), 4)]


async def test_a_partition_that_was_not_sought_yet_is_no_reason_to_end() -> None:
    async def fetch(consumer: Midway) -> Fetched:
        raise NoOffsetForPartitionError(OURS)

    assert await Midway(fetch).taken() == []


async def test_after_records_the_next_are_taken_a_moment_later() -> None:
    async def fetch(consumer: Midway) -> Fetched:
        return {OURS: [record(OURS, 3)]}

    consumer = Midway(fetch)
    await consumer.taken()
    assert consumer.slept_s == []
    await consumer.taken()
    assert 0 < consumer.slept_s[0] <= APART_S


async def test_after_a_quiet_moment_records_are_taken_at_once() -> None:
    async def fetch(consumer: Midway) -> Fetched:
        return {}

    consumer = Midway(fetch)
    for _ in range(2):
        await consumer.taken()
    assert consumer.slept_s == []


@pytest.mark.parametrize(
    "problem",
    [
        psycopg.OperationalError(),
        psycopg.errors.ReadOnlySqlTransaction(),
        psycopg.errors.SerializationFailure(),
        LogUnavailable(),
    ],
    ids=["away", "read only", "not serializable", "without the log"],
)
async def test_what_is_over_in_a_moment_does_not_end_a_worker_that_gets_partitions(
    problem: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faust_consumer, "_SEEK_PAUSE_S", 0)
    answers = iter([problem, None])

    async def seek(assigned: list[Partition]) -> Mapping[Partition, int]:
        if raised := next(answers):
            raise raised
        return dict.fromkeys(assigned, 3)

    async def unasked(consumer: Midway) -> Fetched:
        raise AssertionError("nothing is fetched")

    consumer = Midway(unasked)
    consumer.app.host = SimpleNamespace(seek=seek)
    log: Any = SimpleNamespace(warning=lambda *_: None)
    consumer.log = log
    assert await consumer._starts([Partition("people", 0)]) == {Partition("people", 0): 3}
