"""What a worker tells of the home timelines that it keeps."""

from typing import Final

from prometheus_client import Counter, Histogram

from infra.telemetry.metrics import LATENCY_BUCKETS_S, REGISTRY

PUSHED: Final = Counter(
    "agora_timeline_entries_total", "Entries that found a timeline.", registry=REGISTRY
)
GENERATIONS: Final = Counter(
    "agora_timeline_generations_total",
    "Generations begun: all timelines before it are void.",
    registry=REGISTRY,
)
DROPPED: Final = Counter(
    "agora_timeline_dropped_total", "Batches that were given up.", registry=REGISTRY
)
LAG_SECONDS: Final = Histogram(
    "agora_timeline_lag_seconds",
    "From the commit of rows to the marker that says that timelines have them.",
    buckets=LATENCY_BUCKETS_S,
    registry=REGISTRY,
)
