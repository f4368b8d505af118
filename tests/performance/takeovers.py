"""`takeover`: how long a partition is unserved, by the program that measures it."""

import subprocess
import sys
from typing import Final

import msgspec

from tests.performance.bench import Run
from tests.performance.figures import Figure, WrongAnswers
from tests.stack import ROOT

FAULTS: Final = 20
FAULTS_QUICK: Final = 3
GOALS_MS: Final = {"kill": 500.0, "pause": 1000.0}
WORDS: Final = {"kill": "after kill -9", "pause": "after SIGSTOP"}


class Gaps(msgspec.Struct, frozen=True):
    """Milliseconds between the last answer of the old owner and the first of the new one."""

    takeovers: int
    min_ms: float
    p50_ms: float
    p99_ms: float
    max_ms: float


class Measured(msgspec.Struct, frozen=True):
    """What `python -m tests.performance.takeover` prints."""

    kill: Gaps
    pause: Gaps


def run(run: Run) -> list[Figure]:
    """The figures; raises `WrongAnswers`. The program runs servers of its own."""
    faults = FAULTS_QUICK if run.quick else FAULTS
    run.tell(f"takeover: owners are killed and paused, {faults} times each")
    program = (sys.executable, "-m", "tests.performance.takeover")
    chosen = (f"--faults={faults}", f"--seed={run.seed}")
    done = subprocess.run((*program, *chosen), check=False, capture_output=True, cwd=ROOT)
    if done.returncode != 0:
        raise WrongAnswers(f"takeover failed: {done.stderr.decode().strip()[-2000:]}")
    measured = msgspec.json.decode(done.stdout, type=Measured)
    return [_figure(kind, getattr(measured, kind)) for kind in GOALS_MS]


def _figure(kind: str, gaps: Gaps) -> Figure:
    goal = GOALS_MS[kind]
    return Figure(
        name=f"takeover {WORDS[kind]}, {gaps.takeovers} times",
        unit="ms",
        median=gaps.p50_ms,
        min=gaps.min_ms,
        max=gaps.max_ms,
        goal=f"p99 <= {goal:g} ms",
        reached=gaps.p99_ms <= goal,
        p50_ms=gaps.p50_ms,
        p99_ms=gaps.p99_ms,
    )
