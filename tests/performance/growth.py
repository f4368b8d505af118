"""`growth`: what rebuilding, appending and taking over cost at ten times the log.

Two logs of Bluesky's mix, one ten times as long. The shorter one is rebuilt before and after the
longer one, and appends to both take turns, so that what else the machine does weighs on both. The
first writer of a log has no state checkpoint, and reads all of it; those after it read the rest.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from statistics import mean, median
from typing import Final

import psycopg
import uvloop

from infra.config import Settings
from tests.performance import rebuild
from tests.performance.append_ours import Appends, appends
from tests.performance.bench import Run
from tests.performance.figures import Figure, WrongAnswers, within
from tests.performance.rebuild_ours import Rebuilt, generated, rebuilt
from tests.performance.writer import writing

SIZES: Final = (1_000_000, 10_000_000)
SIZES_QUICK: Final = (3000, 30_000)
TIME_MAX: Final = 10.5
MEMORY_MAX: Final = 1.2
APPEND_MAX: Final = 1.1
TAKEOVER_MAX: Final = 1.2
STREAMS: Final = 1000
STREAMS_QUICK: Final = 50
CALLERS: Final = 64

TABLES: Final = {
    "account.registered": "accounts",
    "follow.established": "follows",
    "block.set": "blocks",
    "post.published": "posts",
    "reaction.set": "reactions",
    "bookmark.set": "bookmarks",
}
"""Where each event of a type makes one row."""


def run(run: Run) -> Sequence[Figure]:
    """The figures; raises `WrongAnswers`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measured(run))


async def _measured(run: Run) -> Sequence[Figure]:
    small, large = SIZES_QUICK if run.quick else SIZES
    worlds = {size: run.servers.settings() for size in (small, large)}
    by_type = {}
    for size, settings in worlds.items():
        run.tell(f"growth: {size:,} events are generated")
        by_type[size] = await asyncio.to_thread(generated, settings, size, run.seed)
    found: list[Rebuilt] = []
    for size in (small, large, small):
        run.tell(f"growth: {size:,} events are rebuilt")
        found.append(await asyncio.to_thread(rebuilt, worlds[size]))
    run.tell("growth: the rows are compared with what happened")
    for size, settings in worlds.items():
        check(settings, by_type[size])
    # The plain model of the longer log would need more memory than the machine may have.
    rebuild.check(worlds[small], small, run.seed)
    return [
        *_rebuilds(small, large, found),
        *await _takeovers(run, worlds),
        await _appends(run, worlds[small], worlds[large]),
    ]


def check(settings: Settings, by_type: Mapping[str, int]) -> None:
    """Raises `WrongAnswers` unless there are as many rows as events that make one."""
    schema = settings.postgres.schema
    with psycopg.connect(settings.postgres.dsn) as connection:
        for kind, table in TABLES.items():
            query = f"select count(*) from {schema}.{table}"
            row = connection.execute(query.encode()).fetchone()
            if row != (by_type.get(kind, 0),):
                raise WrongAnswers(f"{by_type.get(kind, 0)} events make rows of {table}: {row}.")


def _rebuilds(small: int, large: int, found: Sequence[Rebuilt]) -> list[Figure]:
    before, longer, after = found
    seconds = longer.seconds / mean([before.seconds, after.seconds])
    memory = longer.peak_bytes / max(before.peak_bytes, after.peak_bytes)
    name = f"growth, {large:,} by {small:,} events"
    return [
        within(f"growth, rebuild of {small:,}", [before.seconds, after.seconds], "s", None),
        within(f"growth, rebuild of {large:,}", [longer.seconds], "s", None),
        within(f"{name}, rebuild", [seconds], "times", TIME_MAX),
        within(f"{name}, memory of a rebuild", [memory], "times", MEMORY_MAX),
    ]


async def _takeovers(run: Run, worlds: Mapping[int, Settings]) -> list[Figure]:
    small, large = worlds.values()
    run.tell("growth: the first writers read all of their logs")
    cold = {size: await taken_over_s(settings) for size, settings in worlds.items()}
    run.tell("growth: others take over")
    warm = [(await taken_over_s(small), await taken_over_s(large)) for _ in range(run.rounds)]
    short, long = zip(*warm, strict=True)
    slower = median(longer / shorter for shorter, longer in warm)
    sizes = list(worlds)
    return [
        *(
            within(
                f"growth, all of {size:,} taken over without stream states", [cold[size]], "s", None
            )
            for size in sizes
        ),
        *(
            within(f"growth, all of {size:,} taken over", seconds, "s", None)
            for size, seconds in zip(sizes, (short, long), strict=True)
        ),
        within("growth, takeover of ten times the log", [slower], "times", TAKEOVER_MAX),
    ]


async def taken_over_s(settings: Settings) -> float:
    """Seconds until one process serves all partitions, which nobody owns before or after."""
    began = time.perf_counter()
    async with writing(settings):
        return time.perf_counter() - began


async def _appends(run: Run, small: Settings, large: Settings) -> Figure:
    streams = STREAMS_QUICK if run.quick else STREAMS
    run.tell("growth: people register")
    async with appends(small, streams, run.seed) as few, appends(large, streams, run.seed) as many:
        slower = []
        for number in range(run.rounds):
            run.tell(f"growth: appends, round {number + 1} of {run.rounds}")
            slower.append(await times_slower(few, many, run.turn_s))
        run.tell("growth: what was acknowledged is compared with what is stored")
        await few.check()
        await many.check()
    return within("growth, an append to ten times the log", [median(slower)], "times", APPEND_MAX)


async def times_slower(few: Appends, many: Appends, seconds: float) -> float:
    """What an append to the longer log costs by one to the shorter one."""
    short = await few.turn(CALLERS, seconds)
    long = await many.turn(CALLERS, seconds)
    return short.rate / long.rate
