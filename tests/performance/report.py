"""The figures for people: tables with bars, and the page of the documentation."""

from collections.abc import Callable, Sequence
from textwrap import shorten
from typing import Final

from cli.output import table as columns
from tests.performance.document import Document, Measured
from tests.performance.figures import Figure

BAR_WIDTH: Final = 24
HEADINGS: Final = (
    *("WHAT", "MEDIAN", "MIN .. MAX", "UNIT", "P50 / P99 MS", "PEER", "ITS MEDIAN", "RATIO"),
    *("GOAL", "REACHED", "OURS BESIDE THE PEER"),
)
RUN_HEADINGS: Final = ("BENCHMARK", "MEASURED (UTC)", "TOOK", "SEED", "CORES", "LOAD", "VERSIONS")
REFUSED: Final = "refused"
MESSAGE_CHARACTERS_MAX: Final = 300

_OURS: Final = "█"
_THEIRS: Final = "░"

_INTRODUCTION: Final = """# Performance

This page is written by `agora bench --page docs/performance.md`; `agora bench` alone prints it.
Figures of several runs can be on it: `agora bench --json` prints a run, and `--from` takes what was
printed. The second table says when, and under which conditions, each benchmark was measured.

Rates depend on the machine, and on what else it does. Ours and a peer take turns in one run, so
the ratio is what to look at: the median over the turns, of our rate divided by the peer's. The
servers run on the same machine, without fsync, which favours PostgreSQL: Kafka does not wait for
the disk at each append, PostgreSQL would at each commit. After the turns everything acknowledged
is held against a plain model; a benchmark with wrong answers is refused and has no figures. The
workloads and the peers are in `tests/performance/`. [Where the time goes](where-time-goes.md) says
why a goal that is missed is missed.
"""

_LOAD: Final = "Load: tasks that waited for a core, in the minute before it and at its end."

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def table(document: Document) -> str:
    """Every figure in a line, every refusal, and under which conditions they were taken."""
    return "\n\n".join(_parts(document, columns))


def page(document: Document) -> str:
    """The page of the documentation, as Markdown."""
    return "\n".join([_INTRODUCTION, "\n\n".join(_parts(document, _markdown)), ""])


def _parts(document: Document, tabled: Table) -> list[str]:
    versions = list(dict.fromkeys(_versions(one) for one in document.benches))
    figures = [line for one in document.benches for line in _lines(one)]
    runs = [_run(one, versions) for one in document.benches]
    refusals = [_refusal(one) for one in document.benches if one.refusal is not None]
    known = [f"Versions {number}: {text}." for number, text in enumerate(versions, start=1)]
    return [tabled(HEADINGS, figures), *refusals, tabled(RUN_HEADINGS, runs), _LOAD, *known]


def _markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _lines(measured: Measured) -> list[list[str]]:
    if measured.refusal is not None:
        return [[measured.name, REFUSED, *[""] * (len(HEADINGS) - 2)]]
    return [_cells(figure) for figure in measured.figures]


def _refusal(measured: Measured) -> str:
    assert measured.refusal is not None
    reason = measured.refusal.reason
    message = shorten(measured.refusal.message, MESSAGE_CHARACTERS_MAX, placeholder=" ...")
    return f"Refused: {measured.name} ({reason}): {message}"


def _run(measured: Measured, versions: Sequence[str]) -> list[str]:
    before, after = measured.load
    return [
        f"{measured.name}, quick" if measured.quick else measured.name,
        f"{measured.began:%Y-%m-%d %H:%M}",
        f"{measured.seconds:,.0f} s",
        str(measured.seed),
        str(measured.cores),
        f"{before:g} / {after:g}",
        str(versions.index(_versions(measured)) + 1),
    ]


def _versions(measured: Measured) -> str:
    return ", ".join(f"{name} {version}" for name, version in measured.versions.items())


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
