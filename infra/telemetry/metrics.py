"""Metrics of this process, in Prometheus' text format over HTTP (one process, one registry).

Other modules declare theirs beside what they measure, with `registry=REGISTRY`. Labels come from
closed sets only: names of rpcs, models and partitions, never ids or texts of people.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    start_http_server,
)

REGISTRY: Final = CollectorRegistry()
PlatformCollector(registry=REGISTRY)
ProcessCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

LATENCY_BUCKETS_S: Final = (
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0,
)  # fmt: skip

RPC_SECONDS: Final = Histogram(
    "agora_rpc_seconds",
    "Time to answer a call, by rpc and outcome (ok, refused, unavailable, failed, cancelled).",
    ["rpc", "outcome"],
    buckets=LATENCY_BUCKETS_S,
    registry=REGISTRY,
)
RPC_REFUSALS: Final = Counter(
    "agora_rpc_refusals_total",
    "Refused calls, by rpc and reason.",
    ["rpc", "reason"],
    registry=REGISTRY,
)

OUTCOMES: Final = ("ok", "refused", "unavailable", "failed", "cancelled")


class RpcMeter:
    """Counts the calls of one rpc; its labels are bound once, as binding costs more than adding."""

    def __init__(self, rpc: str) -> None:
        self._rpc = rpc
        self._seconds = {
            outcome: RPC_SECONDS.labels(rpc=rpc, outcome=outcome) for outcome in OUTCOMES
        }

    def answered(self, outcome: str, seconds: float) -> None:
        """Notes one call; `outcome` is one of OUTCOMES."""
        self._seconds[outcome].observe(seconds)

    def refused(self, reason: str) -> None:
        """Notes why a call was refused."""
        RPC_REFUSALS.labels(rpc=self._rpc, reason=reason).inc()


@contextmanager
def exported_metrics(host: str, port: int) -> Iterator[int]:
    """Serves the registry at `/metrics` in a thread of its own; yields the port, 0 when off.

    Port 0 is off. Raises OSError when the port is taken.
    """
    if port == 0:
        yield 0
        return
    server, thread = start_http_server(port, addr=host, registry=REGISTRY)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
