"""Faust's consumer, taught three things: to hand over batches, to trust Postgres, not to dawdle.

Out of the box Faust spends some eighty microseconds on each event before anybody sees it, starts
at its group's committed offsets, and waits up to a second where milliseconds will do. It keeps
membership and delivery; where to start is the checkpoints' business, and the group's offsets are
no more than a figure for people who watch lag. Written against the one pinned version.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import NoOffsetForPartitionError
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from events.topics import Partition
from infra.log.port import Entry
from infra.worker.host import Host
from infra.worker.lane import TRANSIENT

if TYPE_CHECKING:
    from infra.worker.faust_app import WorkerApp

FETCH_WAIT_MS: Final = 500
APART_S: Final = 0.004
"""After a fetch that brought something the next is taken so much later at the earliest: on a busy
log each would bring a record or two, and cost the worker and the broker more than all the rest.
What comes after a quiet moment is taken at once."""
_BACK_PRESSURE_S: Final = 0.005
_UNASSIGNED_S: Final = 0.2
_UNSOUGHT_S: Final = 0.05
_BUFFERED_TIMEOUT_S: Final = 0.02
_SEEK_ATTEMPTS: Final = 40
_SEEK_PAUSE_S: Final = 0.5


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that talks to Kafka."""

    logger = logging.getLogger("faust.consumer")

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust fixes this at 1,500 ms, and a fetch for one partition holds up a seek in another.
        # Shorter than this, an idle worker asks the broker for nothing all the time.
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001
        return consumer


class BatchConsumer(driver.Consumer):
    """Yields one message for each (partition, list of entries) that a fetch brings."""

    logger = logging.getLogger("faust.consumer")
    _next_at = 0.0

    @property
    def _host(self) -> Host:
        return cast("WorkerApp", self.app).host

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109
        """Batches in the order of their partitions.

        What a rebalance keeps from being handed on was taken from Kafka all the same, and perhaps
        from where this assignment began: it does not come again. Lanes are told how far it went.
        """
        records, _ = await self._wait_next_records(timeout)
        for place, batch in (records or {}).items():
            tp = ensure_TP(place)
            if self.should_stop:
                return
            if not self.flow_active or not self._is_ours(tp):
                self._host.pass_over(self._partition(tp), batch[-1].offset + 1)
                continue
            # So that Faust sees no gap between this batch and the one before.
            self._read_offset[tp] = batch[-1].offset - 1
            yield tp, self._batch_message(tp, batch)

    def _is_ours(self, tp: TP) -> bool:
        """Whether the partition is assigned here, be it that its buffer is full just now."""
        return tp in self._get_active_partitions() or tp in self._buffered_partitions

    def _partition(self, tp: TP) -> Partition:
        return cast("WorkerApp", self.app).partition(tp.topic, tp.partition)

    def _batch_message(self, tp: TP, batch: list[Any]) -> ConsumerMessage:
        # The raw codec passes on what it is given, so a list arrives at the agent as it is.
        message: Any = self._to_message(tp, batch[-1])
        message.value = [Entry(one.offset, one.key, one.value) for one in batch]
        message.key = None
        return cast("ConsumerMessage", message)

    async def _wait_next_records(self, timeout: float) -> tuple[Mapping[TP, list[Any]], set[TP]]:  # noqa: ASYNC109
        if (early_s := self._next_at - time.monotonic()) > 0:
            await self.sleep(early_s)
        if not self.flow_active:
            await self.wait(self.can_resume_flow.wait())
        active = self._get_active_partitions()
        if not active:
            full = self._buffered_partitions
            await self.sleep(_BACK_PRESSURE_S if full else _UNASSIGNED_S)
            return {}, active
        # A partition whose buffer drains meanwhile must not wait for this fetch to time out.
        wait = _BUFFERED_TIMEOUT_S if self._buffered_partitions else timeout
        try:
            records = await self._getmany(active_partitions=active, timeout=wait)
        except NoOffsetForPartitionError:
            # A rebalance came in between: the partition is new here, and was asked for its records
            # before it was sought. To raise would end the worker, whose end is a rebalance again.
            await self.sleep(_UNSOUGHT_S)
            return {}, active
        if records:
            self._next_at = time.monotonic() + APART_S
        return records, active

    async def perform_seek(self) -> None:
        """Start the lanes, and delivery where they want it. Raises, and so ends the worker."""
        places = {self._partition(tp): ensure_TP(tp) for tp in self.assignment()}
        starts = await self._starts(list(places))
        positions = {places[partition]: offset for partition, offset in starts.items()}
        await self.seek_wait(positions)
        for tp, offset in positions.items():
            self._read_offset[tp] = offset or None
            self._committed_offset[tp] = offset or None

    async def _starts(self, partitions: list[Partition]) -> Mapping[Partition, int]:
        # Postgres may be away, or take no writes, for a moment just when partitions move.
        for _ in range(_SEEK_ATTEMPTS):
            try:
                return await self._host.seek(partitions)
            except TRANSIENT as problem:
                self.log.warning("Cannot read the checkpoints yet: %s", problem)
                await asyncio.sleep(_SEEK_PAUSE_S)
        return await self._host.seek(partitions)

    def stop_flow(self) -> None:
        """Stop taking messages; deliveries under way let go, so that a rebalance need not wait."""
        self._host.release()
        super().stop_flow()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Stop the lanes: whoever gets the partitions goes on from their checkpoints."""
        self._host.release()
        await super().on_partitions_revoked(revoked)
        await self._host.stop()

    def _new_offset(self, tp: TP) -> int | None:
        acked = self._acked[tp]
        if not acked:
            return None
        following = max(acked) + 1
        acked.clear()
        self._acked_index[tp].clear()
        return following


class BatchTransport(driver.Transport):
    """Faust's Kafka transport with the consumer above."""

    Consumer = BatchConsumer
