"""`python -m tests.simulation`: plays schedules on every core, or tells the story of one.

Exits with 1 when a seed failed, or when a planted fault was not found; with 2 for wrong usage.
"""

import argparse
import signal
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from tests.simulation.plants import PLANTS
from tests.simulation.runs import (
    Tally,
    explained,
    find_all,
    planted,
    play_all,
    played,
    quiet,
)
from tests.simulation.story import told

FAILURES_TOLD = 20
EXAMPLES = """examples:
  python -m tests.simulation --seeds 20000          play 20,000 schedules
  python -m tests.simulation --seed 4711            tell the story of one
  python -m tests.simulation --plants --seeds 500   show how soon each planted fault is found
"""


def main(arguments: Sequence[str]) -> int:
    """Runs the command line; the exit status."""
    asked = _parser().parse_args(arguments)
    if asked.seed is not None:
        return _tell(asked.seed, asked.plant)
    if asked.plants:
        return _find(range(asked.first, asked.first + asked.seeds), asked.jobs)
    return _play(asked.first, asked.seeds, asked.plant, asked.jobs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description="Plays the writer under seeded schedules over a simulated log and network.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, default=2000, help="how many schedules (2000)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--jobs", type=int, default=0, help="processes (one for each core)")
    parser.add_argument("--seed", type=int, help="tell what happens in this one")
    parser.add_argument("--plant", choices=PLANTS, default="", help="with this fault planted")
    parser.add_argument("--plants", action="store_true", help="find each planted fault")
    return parser


def _tell(seed: int, plant: str) -> int:
    """The story of a seed on stdout, and what broke on stderr."""
    with quiet(), planted(plant):
        cluster, error = played(seed)
    for line in told(cluster):
        print(line)
    if error is not None:
        print(f"seed {seed}: {explained(error)}", file=sys.stderr)
    return 0 if error is None else 1


def _play(first: int, count: int, plant: str, jobs: int) -> int:
    with _progress() as progress:
        task = progress.add_task("schedules", total=count, rate="")

        def report(tally: Tally) -> None:
            speed = progress.tasks[task].speed or 0.0
            progress.update(task, completed=tally.schedules, rate=f"{speed:.0f}/s")

        tally = play_all(first, count, plant, jobs, report)
    for name in tally.__struct_fields__[:-1]:
        print(f"{name:14} {getattr(tally, name):12,.0f}")
    for seed, failure in sorted(tally.failures.items())[:FAILURES_TOLD]:
        print(f"seed {seed}: {failure}", file=sys.stderr)
    if tally.failures:
        plant_option = f" --plant {plant}" if plant else ""
        print(
            f"{len(tally.failures)} of {tally.schedules} schedules failed. Replay one with: "
            f"python -m tests.simulation{plant_option} --seed {min(tally.failures)}",
            file=sys.stderr,
        )
    return 1 if tally.failures else 0


def _find(seeds: range, jobs: int) -> int:
    """A table of the planted faults on stdout."""
    found = find_all(PLANTS, seeds, jobs)
    for name, (schedules, failure) in found.items():
        taken = str(schedules) if schedules else "not found"
        print(f"{name:24} {taken:>9}  {PLANTS[name].wrong}")
        print(f"{'':35} {failure[:120]}", file=sys.stderr)
    return 0 if all(schedules for schedules, _ in found.values()) else 1


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # So that `| head` ends it quietly.
    sys.exit(main(sys.argv[1:]))
