"""How long a partition is unserved when its owner dies or stops.

`python -m tests.performance.takeover` prints one JSON document. A takeover lasts from the last
answer of the old owner to the first one of the new owner, for each partition that it owned, as
clients with a steady load see it. New commands go to the other instances, as a balancer would
send them. After each fault the log is held against what the clients were told: wrong answers give
no figures.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from msgspec import Struct

from tests.faults.fleet import Fleet, Instance, running_fleet
from tests.faults.history import History
from tests.faults.load import Load
from tests.faults.verdict import uphold
from tests.stack import running_stack

INSTANCES: Final = 3
PEOPLE: Final = 64
CLIENTS: Final = 16
PAUSE_S: Final = 0.02
STEADY_S: Final = 1.0
PERCENT: Final = 100


class Measured(Struct):
    """Seconds, one for each partition of each fault."""

    kill: list[float]
    pause: list[float]


def main() -> None:
    """Measures, and prints median, 99th percentile and maximum in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=20, help="how many of each kind")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with (
        running_stack() as stack,
        tempfile.TemporaryDirectory() as folder,
        running_fleet(stack.settings(), Path(folder), INSTANCES, PEOPLE) as fleet,
    ):
        measured = asyncio.run(_measured(fleet, chosen.faults, random.Random(chosen.seed)))
    document = {
        "name": "takeover",
        "seed": chosen.seed,
        "instances": INSTANCES,
        "kill": _summary(measured.kill),
        "pause": _summary(measured.pause),
    }
    json.dump(document, sys.stdout, indent=2)
    sys.stdout.write("\n")


async def _measured(fleet: Fleet, faults: int, dice: random.Random) -> Measured:
    measured = Measured([], [])
    for number in range(faults):
        measured.kill += await _fault(fleet, number, dice, pause=False)
        measured.pause += await _fault(fleet, number, dice, pause=True)
    return measured


async def _fault(fleet: Fleet, seed: int, dice: random.Random, *, pause: bool) -> list[float]:
    """Kills or pauses an owner under load; the gap of each of its partitions."""
    await fleet.mended()
    await asyncio.sleep(STEADY_S)
    owned = await fleet.all_owned()
    victim = dice.choice(sorted({each.name for each in owned.values()}))
    owner = next(each for each in fleet.instances if each.name == victim)
    lost = [name for name, each in owned.items() if each is owner and name.startswith("people")]
    async with Load(fleet, seed, CLIENTS, PAUSE_S) as load:
        await load.flows()
        await asyncio.sleep(STEADY_S)
        load.avoid(owner)
        began = await _end(owner, pause=pause)
        await load.flows()
        await asyncio.sleep(STEADY_S)
        owner.process.resume()
    await uphold(fleet, load.history)
    return [_gap(load.history, partition, began) for partition in lost]


async def _end(owner: Instance, *, pause: bool) -> float:
    began = time.monotonic()
    if pause:
        owner.process.pause()
    else:
        owner.process.kill()
    return began


def _gap(history: History, partition: str, began: float) -> float:
    """From the last success before the fault, or on its way then, to the first one after it."""
    acks = sorted(history.acks(partition))
    return max(later - earlier for earlier, later in pairwise(acks) if later >= began)


def _summary(seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "takeovers": len(ordered),
        "min_ms": _at(ordered, 0),
        "p50_ms": _at(ordered, 50),
        "p99_ms": _at(ordered, 99),
        "max_ms": _at(ordered, 100),
    }


def _at(ordered: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile in milliseconds."""
    rank = max(1, -(-len(ordered) * percent // PERCENT))
    return round(ordered[rank - 1] * 1000, 1)


if __name__ == "__main__":
    main()
