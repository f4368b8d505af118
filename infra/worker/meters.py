"""What a worker tells of its lanes: how much, how late, how long, and which stand still."""

import time
from collections.abc import Sequence
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from events.record import Decision
from events.topics import Partition
from infra.telemetry.metrics import LATENCY_BUCKETS_S, REGISTRY
from infra.worker.progress import Read

_LABELS: Final = ["subscriber", "partition"]

RECORDS: Final = Counter(
    "agora_consumed_records_total", "Records consumed.", _LABELS, registry=REGISTRY
)
OFFSET: Final = Gauge(
    "agora_consumed_offset", "Offset of the last record consumed.", _LABELS, registry=REGISTRY
)
LATE_SECONDS: Final = Gauge(
    "agora_consumed_late_seconds",
    "How old the last decision was when it had been consumed.",
    _LABELS,
    registry=REGISTRY,
)
BATCH_SECONDS: Final = Histogram(
    "agora_consume_seconds",
    "Time to consume one batch, its commit included.",
    ["subscriber"],
    buckets=LATENCY_BUCKETS_S,
    registry=REGISTRY,
)
HALTED: Final = Gauge(
    "agora_halted", "1 while the subscriber stands still.", _LABELS, registry=REGISTRY
)


class LaneMeter:
    """The figures of one subscriber in one partition."""

    def __init__(self, subscriber: str, partition: Partition) -> None:
        self._records = RECORDS.labels(subscriber, str(partition))
        self._offset = OFFSET.labels(subscriber, str(partition))
        self._late = LATE_SECONDS.labels(subscriber, str(partition))
        self._seconds = BATCH_SECONDS.labels(subscriber)
        self._halted = HALTED.labels(subscriber, str(partition))

    def consumed(self, reads: Sequence[Read], seconds: float) -> None:
        """Notes a batch that is committed."""
        self._records.inc(len(reads))
        self._offset.set(reads[-1].offset)
        self._seconds.observe(seconds)
        last = reads[-1].record
        if isinstance(last, Decision):
            self._late.set(max(0.0, time.time() - last.at.timestamp()))

    def halted(self, value: int) -> None:
        """Notes that the lane stands still (1) or goes on (0)."""
        self._halted.set(value)
