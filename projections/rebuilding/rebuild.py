"""Building models anew beside the live ones, from the first record to the moment they take over.

Each step leaves the database so that another run goes on from there: a build that is filling keeps
what was copied, one that is filled is folded on, one that was verified is made live. A build that
cannot be right is marked as failed, and the live one stays.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct, field

from events.topics import Partition
from infra.config import Settings
from infra.log.port import ReadableLog
from infra.postgres.pool import Pool
from infra.worker import builds
from infra.worker.builds import Known, State
from infra.worker.progress import Halted
from projections.model import Model
from projections.rebuilding import fills, sealing
from projections.rebuilding.catching_up import catch_up
from projections.rebuilding.claiming import Claim
from projections.rebuilding.comparing import Verdict
from projections.rebuilding.cutting_over import cut_over
from projections.rebuilding.filling import FillTask
from projections.rebuilding.jobs import FillJob, Runner
from projections.rebuilding.old_builds import drop
from projections.rebuilding.planning import ends_of, plan
from projections.rebuilding.verifying import Wanted, Watch, verified
from projections.subscriber import Keys


class Outcome(Struct):
    """What became of one model: `failure` is empty if its build is live now.

    `records` were folded in bulk, `seconds` is how long each step took. `verdict` is what verifying
    found, None if it did not come to that.
    """

    model: str
    build: int
    records: int
    failure: str = ""
    verdict: Verdict | None = None
    seconds: dict[str, float] = field(default_factory=dict)


class _Work(Struct):
    """One model on its way."""

    model: Model
    build: Known
    outcome: Outcome


class Rebuild:
    """One run. All models go together, since the log is read once for all of them."""

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        log: ReadableLog,
        keys: Keys,
        crew: Runner,
        claim: Claim,
        watch: Watch,
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._log = log
        self._keys = keys
        self._crew = crew
        self._claim = claim
        self._watch = watch

    async def run(self, models: Sequence[Model], by: str) -> list[Outcome]:
        """Rebuild the models, which `claim` is for; what became of each, in order.

        `by` is who does it. Raises what says nothing about a model: `JobFailed`, `LogUnavailable`,
        psycopg's errors. Another run goes on from there.
        """
        works = [await self._begun(model, by) for model in models]
        await self._fill(works)
        await self._together(works, "keys", self._seal)
        await self._one_by_one(works, "catching up", self._catch_up)
        await self._verify(works)
        await self._one_by_one(works, "cutting over", self._cut_over)
        return [work.outcome for work in works]

    async def _begun(self, model: Model, by: str) -> _Work:
        planned = await plan(self._settings, self._pool, self._log, model)
        for build in planned.given_up:
            await drop(self._pool, model, build)
        connection = self._claim.connection
        async with connection.transaction():
            if planned.going_on is None:
                number = await sealing.begun(connection, model, by)
                ends = {fill.partition: fill.stop for fill in planned.fills}
                await fills.begin(connection, model.name, number, ends)
            known = await builds.known(connection, model.name)
        build = planned.going_on or known[-1]
        return _Work(model, build, Outcome(model.name, build.number, planned.records))

    async def _fill(self, works: Sequence[_Work]) -> None:
        started = time.monotonic()
        jobs = await self._jobs(works)
        records = sum(max(task.fill.stop for task in job.tasks) for job in jobs)
        self._watch.begin("folding the log", 2 * records)
        answers = await self._crew.run(jobs, self._watch.advance)
        self._watch.end()
        failures: dict[str, str] = {}
        for answer in answers:
            assert isinstance(answer, dict)
            failures |= answer
        for work in works:
            work.outcome.seconds["folding"] = time.monotonic() - started
            if work.model.name in failures:
                await self._fail(work, failures[work.model.name])

    async def _jobs(self, works: Sequence[_Work]) -> list[FillJob]:
        """One for each partition, with all models that it takes to as many slices."""
        tasks: dict[tuple[Partition, int], list[FillTask]] = {}
        async with self._pool.connection() as connection:
            for work in works:
                number = work.build.number
                for fill in await fills.known(connection, work.model.name, number):
                    if fill.done < fill.slices:
                        place = fill.partition, fill.slices
                        tasks.setdefault(place, []).append(FillTask(work.model, number, fill))
        return [FillJob(partition, each) for (partition, _), each in sorted(tasks.items())]

    async def _seal(self, work: _Work) -> None:
        async with self._pool.connection() as connection:
            unsealed = await fills.known(connection, work.model.name, work.build.number)
        if unsealed:
            await sealing.seal(self._pool, work.model, work.build.number)

    async def _catch_up(self, work: _Work) -> None:
        ends = await ends_of(self._settings, self._log, work.model)
        number = work.build.number
        await catch_up(work.model, number, ends, self._pool, self._log, self._keys)

    async def _verify(self, works: Sequence[_Work]) -> None:
        works = [work for work in works if not work.outcome.failure]
        started = time.monotonic()
        wanted = [Wanted(work.model, work.build) for work in works]
        verdicts = await verified(wanted, self._pool, self._log, self._crew, self._watch)
        for work, verdict in zip(works, verdicts, strict=True):
            work.outcome.verdict = verdict
            work.outcome.seconds["verifying"] = time.monotonic() - started
            if verdict.clean:
                await self._become(work, State.VERIFIED)
            else:
                await self._fail(work, verdict.failure or "It does not hold what the log comes to.")

    async def _cut_over(self, work: _Work) -> None:
        await cut_over(work.model, work.build, self._claim, self._pool, self._log, self._keys)

    async def _together(
        self, works: Sequence[_Work], name: str, step: Callable[[_Work], Awaitable[None]]
    ) -> None:
        self._watch.begin(name, len(works))
        try:
            async with asyncio.TaskGroup() as group:
                for work in works:
                    group.create_task(self._step(work, name, step))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        self._watch.end()

    async def _one_by_one(
        self, works: Sequence[_Work], name: str, step: Callable[[_Work], Awaitable[None]]
    ) -> None:
        self._watch.begin(name, len(works))
        for work in works:
            await self._step(work, name, step)
        self._watch.end()

    async def _step(self, work: _Work, name: str, step: Callable[[_Work], Awaitable[None]]) -> None:
        started = time.monotonic()
        if not work.outcome.failure:
            try:
                await step(work)
            except Halted as reason:
                await self._fail(work, str(reason))
            work.outcome.seconds[name] = time.monotonic() - started
        self._watch.advance(1)

    async def _fail(self, work: _Work, reason: str) -> None:
        work.outcome.failure = reason
        await self._become(work, State.FAILED, reason)

    async def _become(self, work: _Work, state: State, reason: str = "") -> None:
        connection, number = self._claim.connection, work.build.number
        await builds.become(connection, work.model.name, number, state, reason)
