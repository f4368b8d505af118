"""What a worker tells of the home timelines that it keeps."""

from typing import Final

from prometheus_client import Counter, Histogram

from infra.telemetry.metrics import LATENCY_BUCKETS_S, REGISTRY

PUSHED: Final = Counter(
    "agora_timeline_entries_total", "Entries pushed to existing timelines.", registry=REGISTRY
)
GENERATIONS: Final = Counter(
    "agora_timeline_generations_total",
    "Generations started; each one voids all earlier timelines.",
    registry=REGISTRY,
)
DROPPED: Final = Counter(
    "agora_timeline_dropped_total",
    "Batches dropped because Redis was away for too long.",
    registry=REGISTRY,
)
LAG_SECONDS: Final = Histogram(
    "agora_timeline_lag_seconds",
    "Time from the commit of rows until the marker says that timelines include them.",
    buckets=LATENCY_BUCKETS_S,
    registry=REGISTRY,
)
