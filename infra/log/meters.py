"""What a process tells of its appends: how many, how long they take, and how they end."""

from typing import Final

from prometheus_client import Counter, Histogram

from infra.telemetry.metrics import LATENCY_BUCKETS_S, REGISTRY

APPEND_SECONDS: Final = Histogram(
    "agora_append_seconds",
    "Time to append one batch, by topic and outcome (ok, unknown).",
    ["topic", "outcome"],
    buckets=LATENCY_BUCKETS_S,
    registry=REGISTRY,
)
APPENDED: Final = Counter(
    "agora_appended_records_total",
    "Records appended and acknowledged by all in-sync replicas, by topic.",
    ["topic"],
    registry=REGISTRY,
)


class AppendMeter:
    """The appends to one topic; its labels are bound once, as binding costs more than adding."""

    def __init__(self, topic: str) -> None:
        self._ok = APPEND_SECONDS.labels(topic, "ok")
        self._unknown = APPEND_SECONDS.labels(topic, "unknown")
        self._records = APPENDED.labels(topic)

    def acknowledged(self, records: int, seconds: float) -> None:
        """Notes a batch that is durable."""
        self._ok.observe(seconds)
        self._records.inc(records)

    def unknown(self, seconds: float) -> None:
        """Notes a batch of which nobody knows yet whether it landed."""
        self._unknown.observe(seconds)
