"""`freshness`: how long reads stand still when a worker is killed.

Two workers share the partitions, under a load that leaves both time. One is killed; the worst lag
of what was appended from then on says how long its partitions stood still. Silence is noticed as
quickly as in the local stack.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Final

import psycopg
import uvloop

from cli.generated_history import EVENTS_A_PERSON, Happening, history
from infra.config import Settings
from infra.local.process import Process
from tests.performance.bench import Run
from tests.performance.figures import Figure, within
from tests.performance.live_lag import check, committed
from tests.performance.loads import agreeing
from tests.performance.loads.lags import lags
from tests.performance.loads.mix import Plain
from tests.performance.loads.mix_log import MixLog, open_mix_log
from tests.performance.loads.pace import paced
from tests.performance.loads.waiting import until
from tests.performance.loads.watching import Watcher, watching
from tests.projections.workers import nimble

WORKERS: Final = 2
RATE: Final = 200
BEFORE_S: Final = 1.0
AFTER_S: Final = 4.0
PEOPLE: Final = 500
SHARED_S: Final = 60.0
REPORTED_S: Final = 6.0
STALE_S_MAX: Final = 3.0

_SHARING: Final = """
    select count(distinct worker) from {schema}.lane_reports
    where seen_at > now() - make_interval(secs => %s)"""


class Shared:
    """A log whose partitions two workers share, and a plain model of what was appended."""

    def __init__(
        self, settings: Settings, log: MixLog, watcher: Watcher, events: Iterator[Happening]
    ) -> None:
        self.plain = Plain()
        self._settings = settings
        self._log = log
        self._watcher = watcher
        self._events = events

    async def begin(self) -> None:
        """People register, and both workers have partitions."""
        await self._log.append(await self._log.made(self._next(PEOPLE)))
        await self._watcher.reached(self._log.ends)
        await self.shared()

    async def shared(self) -> None:
        """Wait until each of the workers has partitions; raises `TimeoutError`."""
        query = _SHARING.format(schema=self._settings.postgres.schema).encode()

        async def both() -> bool:
            with psycopg.connect(self._settings.postgres.dsn) as connection:
                return connection.execute(query, (REPORTED_S,)).fetchone() == (WORKERS,)

        await until(both, SHARED_S)

    async def without(self, worker: Process) -> float:
        """Kills the worker under load; how many seconds its partitions stood still."""
        records = await self._log.made(self._next(int(RATE * (BEFORE_S + AFTER_S))))
        load = asyncio.create_task(paced(records, RATE, self._log.append))
        await asyncio.sleep(BEFORE_S)
        worker.kill()
        killed_at = time.perf_counter()
        acks = [ack for ack in await load if ack.at >= killed_at]
        await self._watcher.reached(self._log.ends)
        return max(lags(acks, self._watcher.seen))

    def _next(self, count: int) -> list[Happening]:
        return self.plain.following(self._events, count)


def run(run: Run) -> Sequence[Figure]:
    """The figures; raises `WrongAnswers`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        stale_s = runner.run(_measured(run))
    name = f"fresh reads again after kill -9 of a worker, {len(stale_s)} times"
    return [within(name, stale_s, "s", STALE_S_MAX)]


async def _measured(run: Run) -> list[float]:
    settings, rounds = nimble(run.servers.settings()), run.rounds
    # Of these, registrations come first.
    count = PEOPLE * EVENTS_A_PERSON + rounds * int(RATE * (BEFORE_S + AFTER_S))
    commands = agreeing.process(run.servers, settings.commands.port)
    workers = [run.servers.agora(settings, "serve", "projections") for _ in range(WORKERS)]
    stale_s = []
    with ExitStack() as started:
        async with (
            open_mix_log(settings) as log,
            watching(settings.postgres.dsn, committed(settings)) as watcher,
        ):
            for process in (commands, *workers):
                process.start()
                started.callback(process.kill)
            shared = Shared(settings, log, watcher, history(count, run.seed))
            run.tell("freshness: people register, two workers start")
            await shared.begin()
            for number in range(rounds):
                run.tell(f"freshness: worker {number % WORKERS + 1} is killed")
                worker = workers[number % WORKERS]
                stale_s.append(await shared.without(worker))
                worker.start()
                await shared.shared()
    check(shared.plain, settings)
    return stale_s
