"""`make faults`: every fault at every point, under load, for as long as is asked for."""

import argparse
import asyncio
import logging
import random
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.faults.whole.report import report
from tests.faults.whole.run import Outcome, Run, leave
from tests.faults.whole.schedule import BROKERS, a_round, endless, short
from tests.faults.whole.stage import running_stage
from tests.stack import running_cluster, running_stack

LEFT: Final = Path("build") / "faults"
"""Where the logs of the processes stay, and the evidence."""
HELD, BROKEN, USAGE, STOPPED = 0, 1, 2, 130


class Asked(argparse.Namespace):
    """What the command line asks for."""

    minutes: float
    seed: int
    only: str
    brokers: int


def main(argv: Sequence[str] | None = None) -> int:
    """Runs, prints the report. Exit status 1 if a law was broken, 2 for what cannot be run."""
    asked = _asked(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    folder = LEFT / str(asked.seed)
    print(_again(asked), flush=True)
    try:
        outcome = _run(asked, folder)
    except KeyboardInterrupt:
        print(f"Stopped; nothing was judged. The processes' logs are in {folder}.")
        return STOPPED
    print(report(outcome))
    if outcome.findings:
        print(f"python -m tests.judge {leave(outcome, folder)}   # judges it again")
        print(f"{_again(asked)}   # strikes in the same order again")
    return BROKEN if outcome.findings else HELD


def _asked(argv: Sequence[str] | None) -> Asked:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.whole", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="how long; 0 is the short run")
    drawn = random.randrange(1 << 32)
    parser.add_argument("--seed", type=int, default=drawn, help="which schedule; drawn if absent")
    parser.add_argument("--only", default="", help="only faults with these words in their name")
    parser.add_argument(
        "--brokers", type=int, choices=tuple(BROKERS), default=1, help="of Kafka; 1 if absent"
    )
    asked = parser.parse_args(argv, Asked())
    if not asked.minutes >= 0:
        parser.error(f"--minutes {asked.minutes:g}: 0 or more, please")
    faults = a_round(random.Random(asked.seed), asked.brokers)
    if not any(asked.only in str(fault) for fault in faults):
        kinds = ", ".join(sorted({fault.kind for fault in faults}))
        parser.error(f"--only {asked.only!r} names no fault. There are: {kinds}")
    return asked


def _again(asked: Asked) -> str:
    """The command that runs the same schedule."""
    more = f" --only {asked.only!r}" if asked.only else ""
    more += f" --brokers {asked.brokers}" if asked.brokers > 1 else ""
    args = f' ARGS="{more.strip()}"' if more else ""
    return f"make faults MINUTES={asked.minutes:g} SEED={asked.seed}{args}"


def _run(asked: Asked, folder: Path) -> Outcome:
    minutes, seed = asked.minutes, asked.seed
    faults = endless(seed, asked.brokers) if minutes else short(seed, asked.brokers)
    chosen = (fault for fault in faults if asked.only in str(fault))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with ExitStack() as opened:
        stack = opened.enter_context(running_stack())
        cluster = None
        if asked.brokers > 1:
            # The single broker is of no use then.
            stack.kafka.kill()
            cluster = opened.enter_context(running_cluster())
        stage = opened.enter_context(running_stage(stack, folder, cluster))
        until = time.monotonic() + (minutes * 60 if minutes else float("inf"))
        return asyncio.run(Run(stage, seed).through(chosen, until))


if __name__ == "__main__":
    sys.exit(main())
