"""`rebuild`: all read models anew from a long log, beside projectors that write row by row.

The log holds Bluesky's mix. Ours is the command as operators run it: it starts, folds the log,
makes the keys, catches up, holds the new rows against the log and makes them live; that check,
which the peers do not have, is left out of the rate beside theirs and shown in a figure of its
own. The peers get the same mix, of as many events as they manage in some seconds.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from cli.generated_history import history
from infra.config import Settings
from tests.performance.bench import Run
from tests.performance.figures import Figure, Turn, at_rate, beside, within
from tests.performance.loads.mix import Plain
from tests.performance.peers.projector import Projector, projector
from tests.performance.peers.rebuild_eventsourcing import Runner, runner
from tests.performance.rebuild_ours import Rebuilt, generated, rebuilt

EVENTS: Final = 1_000_000
EVENTS_QUICK: Final = 20_000
PEER_EVENTS: Final = 5000
PEER_EVENTS_QUICK: Final = 1000
ROUNDS: Final = 3
FAUST: Final = "stock Faust agent, an upsert per event"
LIBRARY: Final = "eventsourcing ProjectionRunner"
FAUST_PROGRAM: Final = (
    *("tests.performance.peers.faust_upserts", "worker", "--without-web", "--loglevel=warn"),
)
FAUST_SCHEMA: Final = "bench_faust"
GOALS: Final = {FAUST: 100.0, LIBRARY: 200.0}
MIB: Final = 1 << 20


class Turns(Struct, frozen=True):
    """What was taken in turns."""

    ours: list[Rebuilt] = field(default_factory=list)
    faust: list[Turn] = field(default_factory=list)
    library: list[Turn] = field(default_factory=list)


def run(run: Run) -> Sequence[Figure]:
    """The figures; raises `WrongAnswers`."""
    return asyncio.run(_measured(run))


async def _measured(run: Run) -> Sequence[Figure]:
    settings = run.servers.settings()
    events = EVENTS_QUICK if run.quick else EVENTS
    run.tell(f"rebuild: {events:,} events are generated")
    await asyncio.to_thread(generated, settings, events, run.seed)
    turns = Turns()
    with tempfile.TemporaryDirectory() as folder, runner(settings.postgres.dsn) as library:
        async with projector(settings, Path(folder), FAUST_PROGRAM, FAUST_SCHEMA) as faust:
            for number in range(1 if run.quick else ROUNDS):
                run.tell(f"rebuild: round {number + 1}")
                await _round(run, settings, turns, faust, library)
        run.tell("rebuild: the rows are compared with what happened")
        faust.check()
        library.check()
    check(settings, events, run.seed)
    return _figures(events, turns)


async def _round(
    run: Run, settings: Settings, turns: Turns, faust: Projector, library: Runner
) -> None:
    turns.ours.append(await asyncio.to_thread(rebuilt, settings))
    count = PEER_EVENTS_QUICK if run.quick else PEER_EVENTS
    # Each round has another seed, and so events of its own.
    happenings = list(history(count, run.seed + len(turns.ours)))
    turns.faust.append(await faust.turn(happenings))
    turns.library.append(await asyncio.to_thread(library.turn, happenings))


def check(settings: Settings, events: int, seed: int) -> None:
    """Raises `WrongAnswers` unless our rows and counts are what the history comes to."""
    plain = Plain(one.event for one in history(events, seed))
    plain.check("rebuild", settings.postgres.dsn, settings.postgres.schema, counts=True)


def _figures(events: int, turns: Turns) -> list[Figure]:
    name = f"rebuild, {events:,} events"
    rates = [at_rate(events, one.seconds - one.verifying_s) for one in turns.ours]
    peers = {FAUST: turns.faust, LIBRARY: turns.library}
    return [
        *(beside(name, rates, peer, theirs, GOALS[peer]) for peer, theirs in peers.items()),
        within(f"{name}, verified", [one.seconds for one in turns.ours], "s", None),
        within(f"{name}, memory", [one.peak_bytes / MIB for one in turns.ours], "MiB", None),
    ]
