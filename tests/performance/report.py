"""The figures for people: a table with bars, and the page of the documentation."""

from collections.abc import Sequence
from typing import Final

from cli.output import table as columns
from tests.performance.figures import Figure
from tests.performance.suite import Document

BAR_WIDTH: Final = 24
HEADINGS: Final = (
    *("WHAT", "MEDIAN", "MIN .. MAX", "UNIT", "P50 / P99 MS", "PEER", "ITS MEDIAN", "RATIO"),
    *("GOAL", "REACHED", "OURS BESIDE THE PEER"),
)

_OURS: Final = "█"
_THEIRS: Final = "░"

_INTRODUCTION: Final = """# Performance

This page is written by `agora bench --page docs/performance.md`; `agora bench` alone prints it.

Rates depend on the machine, and on what else it does. Ours and a peer take turns in one run, so
the ratio is what to look at: the median over the turns, of our rate divided by the peer's. The
servers run on the same machine, without fsync, which favours PostgreSQL: Kafka does not wait for
the disk at each append, PostgreSQL would at each commit. After the turns everything acknowledged
is held against a plain model; wrong answers give no figures. The workloads and the peers are in
`tests/performance/`. [Where the time goes](where-time-goes.md) says why a goal that is missed is
missed.
"""


def table(document: Document) -> str:
    """Every figure in a line, and under which conditions they were taken."""
    rows = [_cells(figure) for figure in document.figures]
    return f"{columns(HEADINGS, rows)}\n\n{_conditions(document)}"


def page(document: Document) -> str:
    """The page of the documentation, as Markdown."""
    lines = [_line(HEADINGS), _line(["---"] * len(HEADINGS))]
    lines += [_line(_cells(figure)) for figure in document.figures]
    return "\n".join([_INTRODUCTION, *lines, "", _conditions(document), ""])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(figure: Figure) -> list[str]:
    latencies = (figure.p50_ms, figure.p99_ms)
    return [
        figure.name,
        _number(figure.median),
        f"{_number(figure.min)} .. {_number(figure.max)}",
        figure.unit,
        " / ".join(map(_number, latencies)) if figure.p50_ms is not None else "",
        figure.peer,
        _number(figure.peer_median),
        _number(figure.ratio),
        figure.goal,
        {True: "yes", False: "no", None: ""}[figure.reached],
        _bar(figure.ratio),
    ]


def _bar(ratio: float | None) -> str:
    """Ours and the peer's share of the width; empty without a peer."""
    if ratio is None:
        return ""
    ours = round(BAR_WIDTH * ratio / (1 + ratio))
    return _OURS * ours + _THEIRS * (BAR_WIDTH - ours)


def _number(value: float | None) -> str:
    """At most four digits that say something; nothing for None."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _conditions(document: Document) -> str:
    before, after = document.load
    versions = ", ".join(f"{name} {version}" for name, version in document.versions.items())
    haste = " Quick: one short turn each." if document.quick else ""
    return (
        f"Seed {document.seed}; {document.cores} cores; tasks that waited for one: {before:g} "
        f"before the run, {after:g} at its end.{haste}\n{versions}."
    )
