"""What a benchmark reports: rates of ours beside a peer's, taken in turns in one run.

Machines differ and are shared, so a rate alone says little. Ours and the peer take turns (A B A B
...); each pair of turns gives a ratio, and the median of those is the figure that travels.
"""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

PERCENT: Final = 100
DIGITS: Final = 4


class WrongAnswers(Exception):
    """What was measured did not do its work: there are no figures then."""


class Turn(Struct, frozen=True):
    """One subject's turn: operations a second, and what single ones took in milliseconds.

    Operations that are done many at a time have no such times.
    """

    rate: float
    p50_ms: float | None = None
    p99_ms: float | None = None


class Figure(Struct, frozen=True, kw_only=True):
    """One line of the table.

    `median`, `min` and `max` are ours in `unit`, over all turns; `peer_median` is the peer's.
    `ratio` is ours by the peer's, None without a peer. `reached` is None where there is no goal.
    """

    name: str
    unit: str
    median: float
    min: float
    max: float
    peer: str = ""
    peer_median: float | None = None
    ratio: float | None = None
    goal: str = ""
    reached: bool | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    peer_p50_ms: float | None = None
    peer_p99_ms: float | None = None


def turn(latencies_s: Sequence[float], elapsed_s: float) -> Turn:
    """The turn in which each operation took so many seconds, `elapsed_s` in all."""
    return Turn(
        rate=len(latencies_s) / elapsed_s,
        p50_ms=percentile(latencies_s, 50) * 1000,
        p99_ms=percentile(latencies_s, 99) * 1000,
    )


def at_rate(operations: int, elapsed_s: float) -> Turn:
    """The turn in which so many operations were done, many at a time."""
    return Turn(rate=operations / elapsed_s)


def percentile(values: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile; 0 of nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(1, -(-len(ordered) * percent // PERCENT)) - 1]


def beside(
    name: str,
    ours: Sequence[Turn],
    peer: str,
    theirs: Sequence[Turn],
    at_least: float | None = None,
    rate_at_least: float | None = None,
) -> Figure:
    """The figure of turns taken in pairs; `at_least` is the ratio to reach, and there is a rate."""
    ratio = median(our.rate / their.rate for our, their in zip(ours, theirs, strict=True))
    rates = [our.rate for our in ours]
    to_reach = (("ratio", ratio, at_least), ("rate", median(rates), rate_at_least))
    goals = [(what, value, least) for what, value, least in to_reach if least is not None]
    return Figure(
        name=name,
        unit="operations/s",
        median=_short(median(rates)),
        min=_short(min(rates)),
        max=_short(max(rates)),
        peer=peer,
        peer_median=_short(median(their.rate for their in theirs)),
        ratio=_short(ratio),
        goal=" and ".join(f"{what} >= {least:,.10g}" for what, _, least in goals),
        reached=all(value >= least for _, value, least in goals) if goals else None,
        p50_ms=_latency(our.p50_ms for our in ours),
        p99_ms=_latency(our.p99_ms for our in ours),
        peer_p50_ms=_latency(their.p50_ms for their in theirs),
        peer_p99_ms=_latency(their.p99_ms for their in theirs),
    )


def within(name: str, values: Sequence[float], unit: str, at_most: float | None) -> Figure:
    """A figure without a peer; `at_most` bounds the worst of `values`."""
    return Figure(
        name=name,
        unit=unit,
        median=_short(median(values)),
        min=_short(min(values)),
        max=_short(max(values)),
        goal="" if at_most is None else f"<= {at_most:g} {unit}",
        reached=None if at_most is None else max(values) <= at_most,
    )


def latency(
    name: str,
    ours: Sequence[Turn],
    at_most_ms: float | None,
    peer: str = "",
    theirs: Sequence[Turn] = (),
) -> Figure:
    """A figure of what single operations took; `at_most_ms` bounds the median of the p99s."""
    p99 = [our.p99_ms or 0.0 for our in ours]
    return Figure(
        name=name,
        unit="ms at p99",
        median=_short(median(p99)),
        min=_short(min(p99)),
        max=_short(max(p99)),
        peer=peer,
        peer_median=_latency(their.p99_ms for their in theirs),
        goal="" if at_most_ms is None else f"p99 <= {at_most_ms:g} ms",
        reached=None if at_most_ms is None else median(p99) <= at_most_ms,
        p50_ms=_latency(our.p50_ms for our in ours),
        p99_ms=_latency(our.p99_ms for our in ours),
        peer_p50_ms=_latency(their.p50_ms for their in theirs),
        peer_p99_ms=_latency(their.p99_ms for their in theirs),
    )


def latency_beside(
    name: str, ours: Sequence[Turn], peer: str, theirs: Sequence[Turn], at_most: float | None = None
) -> Figure:
    """As `latency`, of turns taken in pairs; `at_most` bounds the median ratio of their p99s."""
    pairs = [(our.p99_ms, their.p99_ms) for our, their in zip(ours, theirs, strict=True)]
    ratio = median(our / their for our, their in pairs if our is not None and their)
    return replace(
        latency(name, ours, None, peer, theirs),
        ratio=_short(ratio),
        goal="" if at_most is None else f"ratio <= {at_most:g}",
        reached=None if at_most is None else ratio <= at_most,
    )


def _latency(values: Iterable[float | None]) -> float | None:
    """The median of what is known."""
    known = [value for value in values if value is not None]
    return _short(median(known)) if known else None


def _short(value: float) -> float:
    """Four digits: what lies behind them is noise."""
    return float(f"{value:.{DIGITS}g}")
