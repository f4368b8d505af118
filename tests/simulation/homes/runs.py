"""Many schedules of homes over all cores, and what came of them."""

import gc
import multiprocessing.pool
import os
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct, field

from tests.simulation.homes.plants import PLANTS
from tests.simulation.homes.schedule import Outcome, play
from tests.simulation.runs import explained, quiet

CHUNK = 10


class Tally(Struct):
    """What happened in some schedules; `failures` tells for each failing seed what broke."""

    schedules: int = 0
    events: int = 0
    pages: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    failures: dict[int, str] = {}

    def add(self, seed: int, found: Outcome | Exception) -> None:
        """Adds one schedule."""
        self.schedules += 1
        if isinstance(found, Exception):
            self.failures = {**self.failures, seed: explained(found)}
            return
        self.events += found.events
        self.pages += Counter(found.pages)
        self.troubles += Counter(found.troubles)

    def join(self, other: "Tally") -> None:
        """Adds the schedules of another process."""
        self.schedules += other.schedules
        self.events += other.events
        self.pages += other.pages
        self.troubles += other.troubles
        self.failures = {**self.failures, **other.failures}


def played(seed: int) -> Outcome | Exception:
    """What the schedule of the seed came to, or what broke."""
    try:
        return play(seed)
    except Exception as error:
        return error


def play_some(seeds: Iterable[int]) -> Tally:
    """Plays the seeds one after another, in this process."""
    tally = Tally()
    with quiet():
        for seed in seeds:
            tally.add(seed, played(seed))
    gc.collect()
    return tally


def play_all(seeds: range) -> Tally:
    """Plays the seeds over all cores."""
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    tally = Tally()
    with _pool() as pool:
        for part in pool.imap_unordered(play_some, chunks):
            tally.join(part)
    return tally


def first_found(plant: str, seeds: Iterable[int]) -> tuple[int, str]:
    """How many schedules it took until the planted fault showed, and how; 0 if it never did."""
    with PLANTS[plant].planted():
        for number, seed in enumerate(seeds, start=1):
            failures = play_some([seed]).failures
            if failures:
                return number, failures[seed]
    return 0, ""


def find_all(plants: Iterable[str], seeds: range) -> dict[str, tuple[int, str]]:
    """`first_found` for each of the plants, over all cores."""
    tasks = [(plant, seeds) for plant in plants]
    with _pool() as pool:
        found = pool.starmap(first_found, tasks, chunksize=1)
    return dict(zip((plant for plant, _ in tasks), found, strict=True))


def _pool() -> multiprocessing.pool.Pool:
    """Fresh processes: a fork would inherit what threads of this one hold."""
    return multiprocessing.get_context("spawn").Pool(os.cpu_count())
