"""`append`: commands through the real writer, beside other ways to make an event durable.

The same callers, the same Zipf law, 256 bytes an event. The servers run without fsync, as for
tests: that favours PostgreSQL, which would wait for the disk at each commit, where Kafka does not.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import uvloop
from msgspec import Struct

from tests.performance.append_ours import Appends, appends
from tests.performance.bench import Run
from tests.performance.figures import Figure, Turn, beside
from tests.performance.peers.append_eventsourcing import Saves, saves
from tests.performance.peers.append_insert import CALLERS_MAX, Inserts

CALLERS: Final = (1, 16, 64, 256, 1024)
STREAMS: Final = 10_000
STREAMS_QUICK: Final = 1000
EVENTSOURCING: Final = "eventsourcing save()"
PGBENCH: Final = "pgbench insert"
WARM_UP_S: Final = 0.5

GOALS: Final = {(64, EVENTSOURCING): 10.0, (64, PGBENCH): 1.0}


class Subjects(Struct, frozen=True):
    """Who takes turns."""

    ours: Appends
    saves: Saves
    inserts: Inserts


def run(run: Run) -> Sequence[Figure]:
    """The figures; raises `WrongAnswers`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measured(run))


async def _measured(run: Run) -> Sequence[Figure]:
    streams = STREAMS_QUICK if run.quick else STREAMS
    settings = run.servers.settings()
    dsn = settings.postgres.dsn
    run.tell(f"append: {streams} streams are made")
    async with appends(settings, streams, run.seed) as ours:
        with saves(dsn, streams, run.seed) as saving:
            subjects = Subjects(ours, saving, Inserts(dsn))
            await _turns(subjects, CALLERS[-1], WARM_UP_S)
            figures: list[Figure] = []
            for callers in CALLERS:
                figures += await _rounds(run, subjects, callers)
            run.tell("append: what was acknowledged is compared with what is stored")
            await ours.check()
            await asyncio.to_thread(saving.check)
            await asyncio.to_thread(subjects.inserts.check)
            return figures


async def _rounds(run: Run, subjects: Subjects, callers: int) -> list[Figure]:
    turns: defaultdict[str, list[Turn]] = defaultdict(list)
    for number in range(run.rounds):
        run.tell(f"append: {callers} callers, round {number + 1} of {run.rounds}")
        for name, taken in (await _turns(subjects, callers, run.turn_s)).items():
            turns[name].append(taken)
    ours = turns.pop("")
    return [
        beside(f"append, {callers} callers", ours, peer, theirs, GOALS.get((callers, peer)))
        for peer, theirs in turns.items()
    ]


async def _turns(subjects: Subjects, callers: int, seconds: float) -> dict[str, Turn]:
    """One turn of each; ours has no name."""
    turns = {"": await subjects.ours.turn(callers, seconds)}
    turns[EVENTSOURCING] = await asyncio.to_thread(subjects.saves.turn, callers, seconds)
    if callers <= CALLERS_MAX:
        turns[PGBENCH] = await asyncio.to_thread(subjects.inserts.turn, callers, seconds)
    return turns
