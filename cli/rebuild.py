"""`agora projections rebuild`: builds read models beside the live ones, then replaces those."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack

from msgspec import Struct

from cli.builds import looked_at, opened, who
from cli.folding import folding
from cli.output import (
    FAILED,
    DryRun,
    Failure,
    Json,
    Yes,
    confirm,
    examples,
    result,
    say,
    table,
)
from cli.progress import Steps
from cli.projection_names import All, Names, models_named
from cli.reaching import patient
from infra.config import Settings, load
from projections.model import Model
from projections.rebuilding.claiming import Taken, claimed
from projections.rebuilding.crew import crew
from projections.rebuilding.planning import Plan, plan
from projections.rebuilding.rebuild import Outcome, Rebuild


class Planned(Struct, frozen=True):
    """What a rebuild of one model would do; `drops` are builds that came to nothing.

    `apart` says why the live build is not of this log; empty if it is.
    """

    model: str
    live_build: int
    goes_on_with: int
    drops: tuple[int, ...]
    records: int
    slices_done: int
    slices: int
    apart: str


@examples(
    "agora projections rebuild graph",
    "agora projections rebuild --all --dry-run",
    "agora projections rebuild --all --yes",
)
def rebuild(
    names: Names = None,
    everything: All = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Rebuild read models from the log, verify them, make them live.

    Commands, queries and workers carry on: readers see the old rows until the new ones are ready,
    and no live news is sent. Interrupt it whenever you like; the same command resumes. The previous
    build is kept for `agora projections rollback`.

    Exit codes: 0 done, 1 a model could not be built or does not match the log (its live build
    stays), or someone else is rebuilding it, 2 wrong usage or a server cannot be reached.
    """
    models = models_named(names, everything)
    settings = load(os.environ)
    with folding():
        plans = asyncio.run(_plans(settings, models))
    planned = [_planned(one) for one in plans]
    for one in planned:
        if one.apart:
            say(f"agora: The live build of {one.model} is of another log: {one.apart}")
    if dry_run:
        result(planned, _planned_text(planned), json)
        return
    listed = ", ".join(model.name for model in models)
    confirm(f"Rebuild {listed}?", yes)
    _tell(_outcomes(settings, models), json)


def _outcomes(settings: Settings, models: Sequence[Model]) -> list[Outcome]:
    with folding():
        try:
            return asyncio.run(_rebuilt(settings, models))
        except Taken as taken:
            advice = "agora projections list, which shows the builds"
            raise Failure(str(taken), advice, FAILED) from taken
        except KeyboardInterrupt:
            say("Stopped. Progress is kept; run the same command to resume.")
            raise


def _tell(outcomes: Sequence[Outcome], json: bool) -> None:
    failed = [one for one in outcomes if one.failure]
    if failed:
        if not json:
            result(outcomes, _text(outcomes), json)
        names_text = ", ".join(one.model for one in failed)
        advice = "agora projections list; the live builds are as they were"
        raise Failure(f"Not rebuilt: {names_text}.", advice, FAILED, outcomes)
    result(outcomes, _text(outcomes), json)


async def _plans(settings: Settings, models: Sequence[Model]) -> list[Plan]:
    async with looked_at(settings) as (pool, log):
        return [await plan(settings, pool, log, model) for model in models]


async def _rebuilt(settings: Settings, models: Sequence[Model]) -> list[Outcome]:
    async with AsyncExitStack() as stack:
        at = await stack.enter_async_context(opened(settings))
        by = who()
        claim = await stack.enter_async_context(
            claimed(at.pool, settings.postgres.schema, [model.name for model in models], by)
        )
        members = await stack.enter_async_context(
            crew(patient(settings), settings.projections.fold_processes)
        )
        steps = stack.enter_context(Steps())
        run = Rebuild(settings, at.pool, at.log, at.keys, members, claim, steps)
        return await run.run(models, by)


def _planned(one: Plan) -> Planned:
    return Planned(
        model=one.model.name,
        live_build=one.live.number if one.live else 0,
        goes_on_with=one.going_on.number if one.going_on else 0,
        drops=tuple(build.number for build in one.given_up),
        records=one.records,
        slices_done=sum(fill.done for fill in one.fills),
        slices=sum(fill.slices for fill in one.fills),
        apart=one.apart,
    )


def _planned_text(planned: Sequence[Planned]) -> str:
    rows = [
        [
            one.model,
            str(one.live_build or "none"),
            f"go on with build {one.goes_on_with}" if one.goes_on_with else "begin a build",
            ", ".join(map(str, one.drops)) or "-",
            f"{one.records:,}",
            f"{one.slices_done} of {one.slices}" if one.slices else "all",
        ]
        for one in planned
    ]
    return table(["MODEL", "LIVE", "WOULD", "AND DROP", "RECORDS", "SLICES DONE"], rows)


def _text(outcomes: Sequence[Outcome]) -> str:
    rows = [
        [
            one.model,
            str(one.build),
            f"{one.records:,}",
            f"{one.verdict.rows:,}" if one.verdict else "-",
            f"{sum(one.seconds.values()):.1f}",
            one.failure or "live",
        ]
        for one in outcomes
    ]
    return table(["MODEL", "BUILD", "RECORDS", "ROWS", "SECONDS", "RESULT"], rows)
