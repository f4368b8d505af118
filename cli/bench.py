"""`agora bench`: Agora measured beside its peers, on servers of its own.

The benchmarks lie with the tests (`tests.performance`), so this works in the project's folder and
not in an installed package. That is why they are imported late.
"""

import difflib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.output import UNUSABLE, Failure, Json, examples, result, say


@examples(
    "agora bench",
    "agora bench --name append --name rpc --quick",
    "agora bench --page docs/performance.md",
)
def bench(
    name: Annotated[list[str] | None, typer.Option(help="Only this benchmark. Repeatable.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Take one short turn each.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed makes the same choices.")] = 1,
    page: Annotated[
        Path | None, typer.Option(help="Also write the figures to this Markdown page.")
    ] = None,
    json: Json = False,
) -> None:
    """Measure Agora next to named peers, and print one table.

    Agora and a peer take turns in one run. Nothing needs to be running: servers start on free ports
    and stop at the end. Answers are checked against a plain model; wrong answers give no figures. A
    goal that is missed is shown, but is not a failure.

    Without a name all run, some 25 minutes, except `growth`: it fills a log with ten million events
    (10 GB) and takes as long alone.

    Exit codes: 0 done, 1 answers were wrong or did not come in time, 2 an unknown name, or
    something is missing on this machine.
    """
    if importlib.util.find_spec("tests") is None:
        raise Failure(
            "The benchmarks are not installed.", "run it in a checkout of the project", UNUSABLE
        )
    from infra.local.process import StartError
    from tests.performance import report, suite
    from tests.performance.figures import WrongAnswers

    chosen = _chosen(name or (), [each.name for each in suite.BENCHES])
    if not name:
        chosen = [each.name for each in suite.BENCHES if not each.apart]
    try:
        document = suite.measured(chosen, seed=seed, quick=quick, tell=say)
    except WrongAnswers as problem:
        raise Failure(f"There are no figures: {problem}", "agora bench --quick") from problem
    except TimeoutError as problem:
        raise Failure(
            f"There are no figures: {problem}", "run it again while the machine is less busy"
        ) from problem
    except (FileNotFoundError, StartError) as problem:
        raise Failure(str(problem), "make test, which installs it", UNUSABLE) from problem
    if page is not None:
        page.write_text(report.page(document), encoding="utf-8")
    result(document, report.table(document), json)


def _chosen(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """The names without repeats, all for none; raises Failure for one that is not known."""
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            question = f" Did you mean {near[0]!r}?" if near else ""
            message = f"There is no benchmark {name!r}.{question}"
            raise Failure(message, f"one of {', '.join(known)}", UNUSABLE)
    return list(dict.fromkeys(names or known))
