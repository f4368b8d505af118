"""Many schedules at once, over all cores, and what came of them."""

import gc
import logging
import multiprocessing.pool
import os
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from msgspec import Struct

from tests.simulation.cluster import Cluster
from tests.simulation.loop import SimulatedLoop
from tests.simulation.network import drawn_weather
from tests.simulation.plants import PLANTS
from tests.simulation.schedule import play
from tests.simulation.truth import Truth

CHUNK = 25


class Tally(Struct):
    """What happened in some schedules; `failures` tells for each failing seed what broke."""

    schedules: int = 0
    ok: int = 0
    refused: int = 0
    nothing: int = 0
    unknown: int = 0
    repeated: int = 0
    decisions: int = 0
    uncounted: int = 0
    barriers: int = 0
    takeovers: int = 0
    lost_claims: int = 0
    simulated_s: float = 0.0
    failures: dict[int, str] = {}

    def add(self, other: "Tally") -> None:
        """Adds the other up."""
        for field in self.__struct_fields__[:-1]:
            setattr(self, field, getattr(self, field) + getattr(other, field))
        self.failures = {**self.failures, **other.failures}


def cluster_of(seed: int) -> Cluster:
    """The cluster of a seed, before anything has happened."""
    dice = random.Random(seed)
    return Cluster(SimulatedLoop(), dice, drawn_weather(dice))  # type: ignore[abstract]


def played(seed: int) -> tuple[Cluster, Exception | None]:
    """The cluster after the schedule of `seed`, and what broke, if anything did."""
    cluster = cluster_of(seed)
    try:
        play(cluster)
    except Exception as error:
        return cluster, error
    return cluster, None


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings of the writer, which schedules are made of, and no garbage collection.

    Tasks in cycles are kept until the run that made them has ended.
    """
    logging.disable(logging.CRITICAL)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        logging.disable(logging.NOTSET)


def planted(plant: str) -> AbstractContextManager[object]:
    """The block in which that fault is in the product; none for no name."""
    return PLANTS[plant].planted() if plant else nullcontext()


def play_some(seeds: Iterable[int], plant: str = "") -> Tally:
    """Plays the seeds one after another, in this process."""
    tally = Tally()
    with quiet(), planted(plant):
        for seed in seeds:
            cluster, error = played(seed)
            tally.add(_counted(seed, cluster, error))
    gc.collect()
    return tally


def first_found(plant: str, seeds: Iterable[int]) -> tuple[int, str]:
    """How many schedules it took until the planted fault showed, and how; 0 if it never did."""
    for number, seed in enumerate(seeds, start=1):
        failures = play_some([seed], plant).failures
        if failures:
            return number, failures[seed]
    return 0, ""


def play_all(
    first: int, count: int, plant: str = "", jobs: int = 0, report: Callable[[Tally], None] = print
) -> Tally:
    """Plays `count` seeds from `first` on over `jobs` processes (0: one for each core).

    `report` hears of the tally so far, now and then.
    """
    tally = Tally()
    chunks = [
        (range(start, min(start + CHUNK, first + count)), plant)
        for start in range(first, first + count, CHUNK)
    ]
    with _pool(jobs) as pool:
        for part in pool.imap_unordered(_play_chunk, chunks):
            tally.add(part)
            report(tally)
    return tally


def find_all(plants: Iterable[str], seeds: range, jobs: int = 0) -> dict[str, tuple[int, str]]:
    """`first_found` for each of the plants."""
    tasks = [(plant, seeds) for plant in plants]
    with _pool(jobs) as pool:
        found = pool.starmap(first_found, tasks, chunksize=1)
    return dict(zip((plant for plant, _ in tasks), found, strict=True))


def _pool(jobs: int) -> multiprocessing.pool.Pool:
    """Fresh processes: a fork would inherit what threads of this one hold."""
    return multiprocessing.get_context("spawn").Pool(jobs or os.cpu_count())


def _play_chunk(chunk: tuple[range, str]) -> Tally:
    return play_some(*chunk)


def _counted(seed: int, cluster: Cluster, error: Exception | None) -> Tally:
    tally = Tally(schedules=1, simulated_s=cluster.loop.now)
    for call in cluster.calls:
        setattr(tally, call.outcome, getattr(tally, call.outcome) + 1)
        tally.repeated += call.handled is not None and call.handled.repeated
    if error is not None:
        tally.failures = {seed: explained(error)}
        return tally
    truth = Truth(cluster)
    tally.decisions, tally.uncounted = len(truth.counted), truth.uncounted
    tally.barriers, tally.takeovers = truth.barriers, truth.takeovers
    tally.lost_claims = truth.lost_claims
    return tally


def explained(error: BaseException) -> str:
    """The error and what caused it, in one line."""
    cause = "" if error.__cause__ is None else f" {explained(error.__cause__)}"
    return f"{type(error).__name__}: {error}{cause}"
