"""What a worker tells of its lanes: how much, how late, how long, and which of them rest."""

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
BEHIND: Final = Gauge(
    "agora_behind_records", "Records delivered but not consumed yet.", _LABELS, registry=REGISTRY
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
ATTACHED: Final = Gauge(
    "agora_attached", "1 while the subscriber takes what is delivered.", _LABELS, registry=REGISTRY
)
PAUSED: Final = Gauge(
    "agora_paused", "1 while operators let the subscriber rest.", _LABELS, registry=REGISTRY
)
HALTED: Final = Gauge(
    "agora_halted", "1 while the subscriber stands still.", _LABELS, registry=REGISTRY
)
PARKED: Final = Gauge(
    "agora_parked_shards", "Shards whose records are set aside.", _LABELS, registry=REGISTRY
)
_STATES: Final = {"attached": ATTACHED, "paused": PAUSED, "halted": HALTED}
_GAUGES: Final = (OFFSET, BEHIND, LATE_SECONDS, PARKED, *_STATES.values())


class LaneMeter:
    """The figures of one subscriber in one partition, from its beginning to `close`."""

    def __init__(self, subscriber: str, partition: Partition) -> None:
        self._labels = (subscriber, str(partition))
        self._records = RECORDS.labels(*self._labels)
        self._offset = OFFSET.labels(*self._labels)
        self._behind = BEHIND.labels(*self._labels)
        self._late = LATE_SECONDS.labels(*self._labels)
        self._seconds = BATCH_SECONDS.labels(subscriber)
        self._states = {name: gauge.labels(*self._labels) for name, gauge in _STATES.items()}

    def consumed(self, reads: Sequence[Read], seconds: float) -> None:
        """Notes a batch that is committed."""
        self._records.inc(len(reads))
        self._offset.set(reads[-1].offset)
        self._seconds.observe(seconds)
        last = reads[-1].record
        if isinstance(last, Decision):
            self._late.set(max(0.0, time.time() - last.at.timestamp()))

    def behind(self, records: int) -> None:
        """Notes how many records were delivered to others that this one has not consumed."""
        self._behind.set(max(0, records))

    def become(self, state: str) -> None:
        """Notes how the lane is; a state that is not among the gauges is none of them."""
        for name, gauge in self._states.items():
            gauge.set(name == state)

    def close(self) -> None:
        """Forget the gauges: the partition is another worker's now, which tells them itself."""
        for gauge in _GAUGES:
            gauge.remove(*self._labels)


def parked(subscriber: str, partition: Partition, shards: int) -> None:
    """Notes how many shards of the partition are set aside."""
    PARKED.labels(subscriber, str(partition)).set(shards)
