"""How often home is answered from timelines, and why it is not."""

from typing import Final

from prometheus_client import Counter

from infra.telemetry.metrics import REGISTRY
from queries.feeds.freshness import Miss

HIT: Final = "hit"

READS: Final = Counter(
    "agora_home_reads_total",
    "Pages of home by outcome: hit, or why PostgreSQL answered.",
    ["outcome"],
    registry=REGISTRY,
)
OUTCOMES: Final = {outcome: READS.labels(outcome) for outcome in (HIT, *Miss)}

REFILLS: Final = Counter(
    "agora_timeline_refills_total",
    "Timelines filled, by outcome: done, void (overtaken), failed, dropped (queue full).",
    ["outcome"],
    registry=REGISTRY,
)
DONE: Final = REFILLS.labels("done")
VOID: Final = REFILLS.labels("void")
FAILED: Final = REFILLS.labels("failed")
DROPPED: Final = REFILLS.labels("dropped")
