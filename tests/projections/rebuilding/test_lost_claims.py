"""Who lost the lock of its rebuild changes nothing any more, whatever others did meanwhile."""

from collections.abc import AsyncIterator, Callable, Sequence

import psycopg
import pytest

from infra.worker.builds import Known
from projections.models.graph import MODEL as GRAPH
from projections.rebuilding import rebuild
from projections.rebuilding.cutting_over import cut_over
from projections.rebuilding.jobs import FillJob, Job, TellJob
from tests.projections.databases import Database
from tests.projections.rebuilding.worlds import Alone, one_follower, rebuilt, states, verdict_on
from tests.stack import Stack


@pytest.fixture
async def base(stack: Stack) -> AsyncIterator[Database]:
    """Ben follows Ana, and the live build knows."""
    async with one_follower(stack.settings()) as opened:
        yield opened


async def another_rebuilds(base: Database) -> None:
    """The lock's connection ends, and somebody else goes on with the same build to its end."""
    await base.fetch(
        "select pg_terminate_backend(pid, 20000) from pg_stat_activity "
        "where application_name like 'rebuild by %%'"
    )
    [outcome] = await rebuilt(base, GRAPH)
    assert (outcome.build, outcome.failure) == (2, "")


class Losing(Alone):
    """Loses the lock once its jobs of one kind are done."""

    def __init__(self, base: Database, kind: type[Job]) -> None:
        super().__init__(base)
        self._kind = kind

    async def run(self, jobs: Sequence[Job], told: Callable[[int], None]) -> list[object]:
        answers = await super().run(jobs, told)
        if any(isinstance(job, self._kind) for job in jobs):
            await another_rebuilds(self._base)
        return answers


async def assert_that_the_other_one_has_made_it_live(base: Database) -> None:
    assert await states(base, GRAPH) == [(1, "previous"), (2, "live")]
    assert (await verdict_on(base, GRAPH)).clean


@pytest.mark.parametrize("kind", [FillJob, TellJob])
async def test_a_build_that_another_made_live_stays_live(base: Database, kind: type[Job]) -> None:
    with pytest.raises(psycopg.OperationalError):
        await rebuilt(base, GRAPH, runner=Losing(base, kind))
    await assert_that_the_other_one_has_made_it_live(base)


async def test_who_was_about_to_cut_over_does_not(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    cutting: list[Known] = []

    async def late(model: object, build: Known, *arguments: object) -> None:
        cutting.append(build)
        if len(cutting) == 1:
            await another_rebuilds(base)
        await cut_over(model, build, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(rebuild, "cut_over", late)
    with pytest.raises(psycopg.OperationalError):
        await rebuilt(base, GRAPH)
    assert len(cutting) == 2
    await assert_that_the_other_one_has_made_it_live(base)
