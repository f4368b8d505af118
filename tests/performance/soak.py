"""`soak`: whether the lag of `live-lag` stays what it is while events come for half an hour.

The same mix, worker and looks as there, at 1,000 events a second without a pause. Events are made
when they are due, and lags settled each second, so that the load itself, which looks for the rows
in the same process, neither grows nor slows down. The p99 of the last fifth of the time is held
against that of the first.
"""

import asyncio
import time
from array import array
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

import uvloop
from msgspec import Struct

from cli.generated_history import EVENTS_A_PERSON, Happening, history
from infra.config import Settings
from infra.local import procfs
from infra.local.process import Process
from tests.performance.bench import Run
from tests.performance.figures import Figure, Turn, WrongAnswers, latency, turn, within
from tests.performance.live_lag import GOALS_MS, WARM_UP_S, committed
from tests.performance.loads.lags import Ack, settled
from tests.performance.loads.mix import Plain
from tests.performance.loads.mix_log import MixLog, open_mix_log
from tests.performance.loads.pace import paced
from tests.performance.loads.projecting import projecting
from tests.performance.loads.watching import Watcher, watching

RATE: Final = 1000
SECONDS: Final = 1800.0
SECONDS_QUICK: Final = 10.0
FIFTHS: Final = 5
FLAT_MAX: Final = 1.2
"""What counts as flat: the last fifth's p99 by the first one's, as for other figures that grow."""
SETTLE_S: Final = 1.0


class Fifth(Struct, frozen=True):
    """A fifth of the time: its lags, and the bytes that the worker held at its end."""

    turn: Turn
    worker_bytes: int


class Soak:
    """Events that come on and on; `sent` counts those of the history that were appended."""

    def __init__(self, log: MixLog, watcher: Watcher, events: Iterator[Happening]) -> None:
        self._log = log
        self._watcher = watcher
        self._events = events
        self._waiting: list[Ack] = []
        self._lags = array("d")
        self._settle_at = 0.0
        self.sent = 0

    async def begin(self, registrations: int) -> None:
        """Everybody registers, the worker is up with that, and has done all that it does once."""
        await self._append(registrations)
        await self._watcher.reached(self._log.ends)
        await self.at_rate(RATE, WARM_UP_S)
        await self.rest()

    async def at_rate(self, rate: int, seconds: float) -> Turn:
        """Events at that rate for so long; the lags of those whose rows were seen meanwhile."""
        self._lags = array("d")
        began = time.perf_counter()
        await paced(range(int(rate * seconds)), rate, self._send)
        self._settle()
        return turn(self._lags, time.perf_counter() - began)

    async def rest(self) -> None:
        """Waits for what is on its way; raises `WrongAnswers` for what was never seen."""
        await self._watcher.reached(self._log.ends)
        self._settle()
        if self._waiting:
            raise WrongAnswers(f"Of {self._waiting[0].partition} something was never seen.")

    async def _send(self, due: Sequence[int]) -> Sequence[Ack]:
        self._waiting += await self._append(len(due))
        if time.perf_counter() >= self._settle_at:
            self._settle()
        # What is kept is kept here: `paced` would collect all of it until the end.
        return ()

    async def _append(self, count: int) -> list[Ack]:
        happenings = list(islice(self._events, count))
        self.sent += len(happenings)
        return await self._log.append(await self._log.made(happenings))

    def _settle(self) -> None:
        found, self._waiting = settled(self._waiting, self._watcher.taken())
        self._lags.extend(found)
        self._settle_at = time.perf_counter() + SETTLE_S


def run(run: Run) -> Sequence[Figure]:
    """The figures; raises `WrongAnswers`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measured(run))


async def _measured(run: Run) -> Sequence[Figure]:
    settings, seconds = run.servers.settings(), SECONDS_QUICK if run.quick else SECONDS
    events = planned(seconds)
    async with (
        open_mix_log(settings) as log,
        watching(settings.postgres.dsn, committed(settings)) as watcher,
    ):
        with projecting(run.servers, settings) as worker:
            soak = Soak(log, watcher, history(events, run.seed))
            run.tell("soak: people register, the worker starts")
            await soak.begin(events // EVENTS_A_PERSON + EVENTS_A_PERSON)
            fifths = []
            for number in range(FIFTHS):
                run.tell(f"soak: fifth {number + 1} of {seconds:g} s")
                fifths.append(await _fifth(soak, worker, seconds / FIFTHS))
            await soak.rest()
    run.tell("soak: the rows are compared with what happened")
    check(settings, events, soak.sent, run.seed)
    return _figures(fifths, seconds)


def planned(seconds: float) -> int:
    """All events of a history with enough of them for so long, besides registrations."""
    paced_events = int(RATE * (seconds + WARM_UP_S))
    return paced_events * EVENTS_A_PERSON // (EVENTS_A_PERSON - 2)


async def _fifth(soak: Soak, worker: Process, seconds: float) -> Fifth:
    found = await soak.at_rate(RATE, seconds)
    return Fifth(found, procfs.usage(worker.pid).memory_bytes)


def check(settings: Settings, events: int, sent: int, seed: int) -> None:
    """Raises `WrongAnswers` unless rows and counts are those of the first `sent` events."""
    # Made only now: with it in memory, the load's collections would look like lag.
    plain = Plain(one.event for one in islice(history(events, seed), sent))
    plain.check("soak", settings.postgres.dsn, settings.postgres.schema, counts=True)


def _figures(fifths: Sequence[Fifth], seconds: float) -> list[Figure]:
    name = f"soak, {seconds:,g} s at {RATE:,} events/s"
    first, last = fifths[0], fifths[-1]
    p99_first, p99_last = first.turn.p99_ms or 0.0, last.turn.p99_ms or 0.0
    memory = last.worker_bytes / first.worker_bytes
    return [
        latency(f"{name}, each fifth", [one.turn for one in fifths], GOALS_MS[RATE]),
        within(f"{name}, p99 of the first fifth", [p99_first], "ms", None),
        within(f"{name}, p99 of the last fifth", [p99_last], "ms", None),
        within(f"{name}, p99, last by first", [p99_last / p99_first], "times", FLAT_MAX),
        within(f"{name}, memory of the worker, last by first", [memory], "times", None),
    ]
