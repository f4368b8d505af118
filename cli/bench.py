"""`agora bench`: Agora measured beside its peers, on servers of its own.

The benchmarks lie with the tests (`tests.performance`), so this works in the project's folder and
not in an installed package. That is why they are imported late.
"""

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from cli.known import require
from cli.output import FAILED, INTERRUPTED, UNUSABLE, Failure, Json, examples, result, say, table

if TYPE_CHECKING:
    from tests.performance.document import Measured

Names = Annotated[list[str] | None, typer.Option(help="Only this benchmark. Repeatable.")]
Quick = Annotated[bool, typer.Option("--quick", help="Take one short turn each.")]
Seed = Annotated[int, typer.Option(help="The same seed makes the same choices.")]
Page = Annotated[Path | None, typer.Option(help="Also write the figures to this Markdown page.")]
Listed = Annotated[bool, typer.Option("--list", help="Only list them, and how long each takes.")]
Earlier = Annotated[
    list[Path] | None,
    typer.Option(
        "--from",
        help="Add what an earlier run printed with --json, and measure only what is named. "
        "Repeatable.",
    ),
]


@examples(
    "agora bench --list",
    "agora bench --name append --name rpc --quick",
    "agora bench --json > run.json",
    "agora bench --from run.json --from later.json --page docs/performance.md",
)
def bench(
    name: Names = None,
    quick: Quick = False,
    seed: Seed = 1,
    earlier: Earlier = None,
    page: Page = None,
    listed: Listed = False,
    json: Json = False,
) -> None:
    """Measure Agora next to named peers, and print one table.

    Agora and a peer take turns in one run. Nothing needs to be running: servers start on free ports
    and stop at the end. Answers are checked against a plain model; a benchmark with wrong answers
    is refused and has no figures, and the others go on. A goal that is missed is shown, but is not
    a failure.

    Without a name all run, except `growth`, which fills a log with ten million events (10 GB), and
    `soak`, which takes half an hour. Of several runs the latest of each benchmark counts, also one
    that was refused. Ctrl-C prints what was measured by then.

    Exit codes: 0 done, 1 a benchmark was refused, 2 an unknown name, a file that is no run, or
    something is missing on this machine.
    """
    if importlib.util.find_spec("tests") is None:
        raise Failure(
            "The benchmarks are not installed.", "run it in a checkout of the project", UNUSABLE
        )
    if listed:
        _list(json)
        return
    found = _read(earlier or ())
    stopped = False
    try:
        # One by one, so that Ctrl-C keeps those that are done.
        for one in _measured(_chosen(name or (), all_of_them=not earlier), seed, quick):
            found.append(one)
    except KeyboardInterrupt:
        stopped = True
    _tell(found, page, json, stopped)


def _list(json: bool) -> None:
    from tests.performance.suite import BENCHES

    listed = [
        {"name": one.name, "summary": one.summary, "minutes": one.minutes, "apart": one.apart}
        for one in BENCHES
    ]
    rows = [
        (one.name, f"{one.minutes:g}", "when named" if one.apart else "yes", one.summary)
        for one in BENCHES
    ]
    together = sum(one.minutes for one in BENCHES if not one.apart)
    text = table(("BENCHMARK", "MINUTES", "RUNS", "WHAT IT MEASURES"), rows)
    result(listed, f"{text}\n\nAll that run without a name: some {together:.0f} minutes.", json)


def _chosen(names: Sequence[str], *, all_of_them: bool) -> list[str]:
    """The names without repeats; raises Failure for one that is not known.

    For none those that run by themselves, or nothing.
    """
    from tests.performance.suite import BENCHES

    known = [each.name for each in BENCHES]
    for name in names:
        require(name, known, "benchmark")
    unnamed = [each.name for each in BENCHES if all_of_them and not each.apart]
    return list(dict.fromkeys(names)) or unnamed


def _read(files: Sequence[Path]) -> "list[Measured]":
    """Everything in the files; raises Failure for one that holds no run."""
    from tests.performance import document

    found: list[Measured] = []
    for file in files:
        try:
            found += document.read(file).benches
        except (OSError, msgspec.DecodeError) as problem:
            message = f"{file} is no run of benchmarks: {problem}"
            raise Failure(message, "agora bench --json > FILE", UNUSABLE) from problem
    return found


def _measured(names: Sequence[str], seed: int, quick: bool) -> "Iterator[Measured]":
    from tests.performance import suite

    return suite.measured(names, seed=seed, quick=quick, tell=say)


def _tell(found: "Sequence[Measured]", page: Path | None, json: bool, stopped: bool) -> None:
    """Prints what was found; writes the page, unless it was stopped; raises Failure."""
    from tests.performance import report, suite
    from tests.performance.document import merged

    document = merged([each.name for each in suite.BENCHES], found)
    text = report.table(document)
    if page is not None and not stopped:
        page.write_text(report.page(document), encoding="utf-8")
    if not stopped and not document.refused:
        result(document, text, json)
        return
    if not json:
        result(document, text, json)
    if stopped:
        message, advice = "Stopped. No page was written.", "agora bench --from, for what is there"
        raise Failure(message, advice, INTERRUPTED, document)
    names = " ".join(f"--name {name}" for name in document.refused)
    status = UNUSABLE if document.unusable else FAILED
    message = f"There are no figures of {', '.join(document.refused)}."
    raise Failure(message, f"agora bench --quick {names}", status, document)
