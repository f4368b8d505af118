"""`make faults`: every fault at every point, under load, for as long as is asked for."""

import argparse
import asyncio
import logging
import random
import shutil
import sys
import time
from pathlib import Path
from typing import Final

from tests.faults.whole.report import report
from tests.faults.whole.run import Outcome, Run, leave
from tests.faults.whole.schedule import endless, short
from tests.faults.whole.stage import running_stage
from tests.stack import running_stack

LEFT: Final = Path("build") / "faults"
"""Where the logs of the processes stay, and the evidence."""


def main() -> int:
    """Runs, prints the report; exit status 1 if a law was broken."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="how long; 0 is the short run")
    parser.add_argument("--seed", type=int, default=None, help="which schedule; drawn if absent")
    parser.add_argument("--only", default="", help="only faults with these words in their name")
    asked = parser.parse_args()
    seed = random.randrange(1 << 32) if asked.seed is None else asked.seed
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    print(f"make faults MINUTES={asked.minutes:g} SEED={seed} ONLY={asked.only!r}", flush=True)
    outcome = _run(seed, asked.minutes, asked.only)
    print(report(outcome))
    if outcome.findings:
        print(f"python -m tests.judge {leave(outcome, LEFT / str(seed))}   # judges it again")
    return 1 if outcome.findings else 0


def _run(seed: int, minutes: float, only: str) -> Outcome:
    faults = endless(seed) if minutes else short(seed)
    chosen = (fault for fault in faults if only in str(fault))
    until = time.monotonic() + (minutes * 60 if minutes else float("inf"))
    folder = LEFT / str(seed)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with running_stack() as stack, running_stage(stack, folder) as stage:
        return asyncio.run(Run(stage, seed).through(chosen, until))


if __name__ == "__main__":
    sys.exit(main())
