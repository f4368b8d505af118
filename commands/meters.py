"""What a command process tells of partitions: which ones it serves, and which ones are halted.

Summed over all processes, `agora_partition_serving` is 1 for every partition that has its owner.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Protocol

from prometheus_client import Gauge

from events.topics import Partition
from infra.telemetry.metrics import REGISTRY

SERVING: Final = Gauge(
    "agora_partition_serving",
    "1 while this process owns and serves the partition.",
    ["partition"],
    registry=REGISTRY,
)
HALTED: Final = Gauge(
    "agora_partition_halted",
    "1 while this process cannot serve the partition until a fault is fixed.",
    ["partition"],
    registry=REGISTRY,
)


class Writer(Protocol):
    """As much of a partition's writer as is told."""

    halted: str

    @property
    def serving(self) -> bool:
        """Whether commands for the partition are decided here."""
        ...


@contextmanager
def metered(writers: Mapping[Partition, Writer]) -> Iterator[None]:
    """Tells of the writers for as long as the block runs; they are looked at when scraped."""
    for partition, writer in writers.items():
        _tell(str(partition), writer)
    try:
        yield
    finally:
        for partition in writers:
            SERVING.remove(str(partition))
            HALTED.remove(str(partition))


def _tell(partition: str, writer: Writer) -> None:
    SERVING.labels(partition).set_function(lambda: float(writer.serving))
    HALTED.labels(partition).set_function(lambda: float(bool(writer.halted)))
