"""How long after it was in the log each event was a committed row: a pure sum of two records."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Ack(NamedTuple):
    """`length` records from `base` on were durable at `at` (seconds)."""

    at: float
    partition: str
    base: int
    length: int


class Seen(NamedTuple):
    """At `at` the rows of everything up to these offsets were committed, by partition."""

    at: float
    offsets: Mapping[str, int]


class Settled(NamedTuple):
    """What was seen by now, in seconds for each event, and what is still waited for."""

    lags: list[float]
    waiting: list[Ack]


def lags(acks: Sequence[Ack], seen: Sequence[Seen]) -> list[float]:
    """Seconds for each event; raises ValueError when one was never seen.

    What was seen before the acknowledgement came has no lag.
    """
    found, waiting = settled(acks, seen)
    if waiting:
        raise ValueError(f"Offset {waiting[0].base} of {waiting[0].partition} was never seen.")
    return found


def settled(acks: Sequence[Ack], seen: Sequence[Seen]) -> Settled:
    """As `lags` for what was seen by the last look; what remains waits for later ones."""
    found: list[float] = []
    waiting: list[Ack] = []
    by_partition: defaultdict[str, list[Ack]] = defaultdict(list)
    for ack in acks:
        by_partition[ack.partition].append(ack)
    for partition, each in by_partition.items():
        looks = iter(seen)
        look = next(looks, None)
        for ack in sorted(each, key=lambda one: one.base):
            for offset in range(ack.base, ack.base + ack.length):
                while look is not None and look.offsets.get(partition, -1) < offset:
                    look = next(looks, None)
                if look is None:
                    rest = ack.base + ack.length - offset
                    waiting.append(Ack(ack.at, partition, offset, rest))
                    break
                found.append(max(0.0, look.at - ack.at))
    return Settled(found, waiting)
