"""`live-lag`: from an event in the log to its committed row, through the real worker.

Bluesky's mix comes at fixed rates, whatever becomes of it. The lag of an event runs from the
acknowledgement of its append to the first look at which every read model of its partition has
committed it; looks are some 2 ms apart. A command side that agrees to everything answers what the
worker asks in reaction. The peer gets the same mix at half of what it sustains,
since above that its lag only tells how long the run was.
"""

import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import uvloop
from msgspec import Struct

from cli.generated_history import EVENTS_A_PERSON, Happening, history
from infra.config import Settings
from projections.models import MODELS
from tests.performance.bench import Run
from tests.performance.figures import (
    Figure,
    Turn,
    WrongAnswers,
    at_rate,
    beside,
    latency,
    turn,
    within,
)
from tests.performance.loads.effort import Effort, Meter
from tests.performance.loads.lags import Ack, lags
from tests.performance.loads.mix import Plain
from tests.performance.loads.mix_log import MixLog, open_mix_log
from tests.performance.loads.pace import paced
from tests.performance.loads.projecting import projecting
from tests.performance.loads.watching import Watcher, watching
from tests.performance.peers.projector import Projector, projector

GOALS_MS: Final = {1000: 30.0, 10_000: 100.0}
RATIO: Final = 50.0
ROUNDS: Final = 3
WARM_UP_S: Final = 1.0
PACED_S: Final = 5.0
PACED_QUICK_S: Final = 1.0
BURST: Final = 100_000
BURST_QUICK: Final = 5000
PEER_BURST: Final = 4000
PEER_BURST_QUICK: Final = 800
PEER: Final = "row-by-row projector"
PROGRAM: Final = ("tests.performance.peers.row_by_row",)
SCHEMA: Final = "bench_row_by_row"

_OURS: Final = f"""
    select c.partition, min(c."offset") from {{schema}}.checkpoints c
    where c.model in ({", ".join(f"'{model.name}'" for model in MODELS)}) group by c.partition"""
_THEIRS: Final = f'select "partition", "offset" from {SCHEMA}.places'


Efforts = defaultdict[int, list[Effort]]


class Plan(Struct, frozen=True):
    """How much of what there is in one run."""

    rounds: int
    paced_s: float
    burst: int
    peer_burst: int

    @property
    def events(self) -> int:
        """All events of ours: they are registrations at first."""
        a_round = int(sum(GOALS_MS) * self.paced_s) + self.burst
        events = self.rounds * a_round + int(min(GOALS_MS) * WARM_UP_S)
        return events * EVENTS_A_PERSON // (EVENTS_A_PERSON - 2)


class Live:
    """The worker's log, and how far the worker is, beside a plain model of what was appended."""

    def __init__(
        self,
        log: MixLog,
        watcher: Watcher,
        events: Iterator[Happening],
        metered: Callable[[], Meter],
    ) -> None:
        self._log = log
        self._watcher = watcher
        self._events = events
        self._metered = metered
        self.plain = Plain()

    async def begin(self, registrations: int) -> None:
        """Everybody registers, the worker is up with that, and has done all that it does once."""
        await self._log.append(await self._log.made(self._next(registrations)))
        await self._watcher.reached(self._log.ends)
        await self.at_rate(min(GOALS_MS), WARM_UP_S)

    async def at_rate(self, rate: int, seconds: float) -> tuple[Turn, Effort]:
        """Events at that rate, and what was spent on them; the turn's latencies are their lags."""
        records = await self._log.made(self._next(int(rate * seconds)))
        meter = self._metered()
        began = time.perf_counter()
        acks = await paced(records, rate, self._log.append)
        elapsed_s = time.perf_counter() - began
        await self._watcher.reached(self._log.ends)
        return lagging(acks, self._watcher, elapsed_s), meter.effort(len(records))

    async def burst(self, count: int) -> Turn:
        """As many at once; the turn ends when all are rows."""
        records = await self._log.made(self._next(count))
        began = time.perf_counter()
        await self._log.append(records)
        return at_rate(count, await self._watcher.reached(self._log.ends) - began)

    def _next(self, count: int) -> list[Happening]:
        return self.plain.following(self._events, count)


def run(run: Run) -> Sequence[Figure]:
    """The figures; raises `WrongAnswers`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measured(run))


def planned(run: Run) -> Plan:
    """What fits into the time for the run."""
    if run.quick:
        return Plan(1, PACED_QUICK_S, BURST_QUICK, PEER_BURST_QUICK)
    return Plan(ROUNDS, PACED_S, BURST, PEER_BURST)


async def _measured(run: Run) -> Sequence[Figure]:
    settings, plan = run.servers.settings(), planned(run)
    turns: defaultdict[object, list[Turn]] = defaultdict(list)
    efforts: Efforts = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            open_mix_log(settings) as log,
            projector(settings, Path(folder), PROGRAM, SCHEMA) as peer,
            watching(settings.postgres.dsn, committed(settings)) as watcher,
        ):
            with projecting(run.servers, settings) as worker:
                metered = partial(Meter, settings.postgres.dsn, worker, run.servers.postgres)
                live = Live(log, watcher, history(plan.events, run.seed), metered)
                run.tell("live-lag: people register, the worker starts")
                await live.begin(plan.events // EVENTS_A_PERSON + EVENTS_A_PERSON)
                for number in range(plan.rounds):
                    run.tell(f"live-lag: round {number + 1} of {plan.rounds}")
                    await _round(turns, efforts, live, peer, plan, run.seed + number)
        run.tell("live-lag: the rows are compared with what happened")
        peer.check()
    check(live.plain, settings)
    spent = [figure for rate in GOALS_MS for figure in _spent(rate, efforts[rate])]
    return [*_figures(turns), *spent]


async def _round(
    turns: dict[object, list[Turn]],
    efforts: Efforts,
    live: Live,
    peer: Projector,
    plan: Plan,
    seed: int,
) -> None:
    for rate in GOALS_MS:
        turn, effort = await live.at_rate(rate, plan.paced_s)
        turns[rate].append(turn)
        efforts[rate].append(effort)
    turns["burst"].append(await live.burst(plan.burst))
    happenings = list(history(2 * plan.peer_burst, seed))
    capacity = await peer.turn(happenings[: plan.peer_burst])
    turns["peer burst"].append(capacity)
    turns["peer"].append(await row_by_row(peer, happenings[plan.peer_burst :], capacity.rate / 2))


async def row_by_row(peer: Projector, happenings: Sequence[Happening], rate: float) -> Turn:
    """The peer's lags at that rate."""
    async with watching(peer.dsn, _THEIRS) as watcher:
        began = time.perf_counter()
        acks = await paced(happenings, rate, peer.send)
        elapsed_s = time.perf_counter() - began
        await watcher.reached({ack.partition: ack.base for ack in acks})
        return lagging(acks, watcher, elapsed_s)


def lagging(acks: Sequence[Ack], watcher: Watcher, elapsed_s: float) -> Turn:
    """The turn of what was acknowledged and then seen; raises `WrongAnswers`."""
    try:
        return turn(lags(acks, watcher.seen), elapsed_s)
    except ValueError as unseen:
        raise WrongAnswers(str(unseen)) from unseen


def committed(settings: Settings) -> str:
    """The query for how far all our read models of each partition have committed."""
    return _OURS.format(schema=settings.postgres.schema)


def check(plain: Plain, settings: Settings) -> None:
    """Raises `WrongAnswers` unless our rows and counts are what was appended."""
    plain.check("live-lag", settings.postgres.dsn, settings.postgres.schema, counts=True)


def _figures(turns: dict[object, list[Turn]]) -> list[Figure]:
    paced_peer = f"{PEER} at half its maximum"
    return [
        *(
            latency(f"live lag at {rate:,} events/s", turns[rate], most, paced_peer, turns["peer"])
            for rate, most in GOALS_MS.items()
        ),
        beside("live, sustained", turns["burst"], PEER, turns["peer burst"], RATIO),
    ]


def _spent(rate: int, efforts: Sequence[Effort]) -> list[Figure]:
    name = f"live at {rate:,} events/s"
    transactions = [one.transactions for one in efforts]
    return [
        within(f"{name}, transactions that write", transactions, "for 1,000 events", None),
        within(f"{name}, worker", [one.worker for one in efforts], "% of a core", None),
        within(f"{name}, PostgreSQL", [one.postgres for one in efforts], "% of a core", None),
    ]
