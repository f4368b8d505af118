"""Models in a real database over a log in memory, folded and compared in this process."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, cast

from events.topics import Partition
from infra.config import Settings
from infra.log.port import BulkLog
from infra.worker import builds, progress
from projections.model import Model
from projections.models.graph import MODEL as GRAPH
from projections.rebuilding.claiming import claimed
from projections.rebuilding.comparing import Verdict
from projections.rebuilding.filling import fill
from projections.rebuilding.jobs import FillJob, Job, RowJob, Runner, TellJob
from projections.rebuilding.rebuild import Outcome, Rebuild
from projections.rebuilding.telling import tell
from projections.rebuilding.telling_rows import tell_row
from projections.rebuilding.tools import Tools
from projections.rebuilding.verifying import Wanted, verified
from tests.infra.worker.log_in_memory import Plain
from tests.projections.databases import Database, database
from tests.projections.folding import ANA, BEN
from tests.projections.models.test_graph import followed

PARTITION: Final = Partition("people", 0)


class Alone:
    """Does jobs itself, as `Runner`, one after the other; `jobs` are those that it was given."""

    def __init__(self, base: Database) -> None:
        self.jobs: list[Job] = []
        self._base = base

    async def run(self, jobs: Sequence[Job], told: Callable[[int], None]) -> list[object]:
        self.jobs += jobs
        tools = Tools(self._base.pool, cast("BulkLog", self._base.log), Plain(), told)
        return [await self._done(job, tools) for job in jobs]

    async def _done(self, job: Job, tools: Tools) -> object:
        match job:
            case FillJob(tasks=tasks):
                return await fill(tasks, tools)
            case TellJob(partition=partition, tasks=tasks):
                return await tell(partition, tasks, tools)
            case RowJob(partition=partition, task=task):
                return await tell_row(partition, task, tools)


class Watching:
    """Adds up what it is told, as `Watch`."""

    def __init__(self) -> None:
        self.total = 0
        self.done = 0

    def begin(self, name: str, total: int) -> None:
        self.total += total

    def advance(self, count: int) -> None:
        self.done += count

    def end(self) -> None:
        assert self.done == self.total, "a step ends when all that it announced is done"


@asynccontextmanager
async def one_follower(settings: Settings) -> AsyncIterator[Database]:
    """Ben follows Ana, in `PARTITION`, and the graph's live build knows."""
    async with database(settings, GRAPH) as opened:
        opened.log.claim(PARTITION)
        opened.log.decide(PARTITION, followed(ANA, BEN))
        await consumed(opened, GRAPH, PARTITION)
        yield opened


async def verdict_on(base: Database, model: Model) -> Verdict:
    """What verifying the live build finds."""
    [found] = await verified([Wanted(model)], base.pool, base.log, Alone(base), Watching())
    return found


async def consumed(
    base: Database, model: Model, partition: Partition, stop: int | None = None
) -> None:
    """Let a worker take in a partition, up to `stop`."""
    subscriber = base.subscriber(model)
    start = await subscriber.resume(partition)
    entries = base.log.entries[partition][start:stop]
    await subscriber.consume(partition, progress.read(entries))


async def rebuilt(base: Database, *models: Model, runner: Runner | None = None) -> list[Outcome]:
    """Rebuild the models, as `ana`."""
    schema = base.settings.postgres.schema
    async with claimed(base.pool, schema, [model.name for model in models], "ana") as claim:
        run = Rebuild(
            base.settings,
            base.pool,
            base.log,
            Plain(),
            runner or Alone(base),
            claim,
            Watching(),
        )
        return await run.run(models, "ana")


async def states(base: Database, model: Model) -> list[tuple[int, str]]:
    """The builds of the model, by number."""
    async with base.pool.connection() as connection:
        return [(one.number, one.state.value) for one in await builds.known(connection, model.name)]
