"""`agora projections rollback` and `drop-old`: what to do with builds that are not live."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from msgspec import Struct

from cli.builds import looked_at, opened, who
from cli.folding import folding
from cli.output import FAILED, DryRun, Failure, Json, Yes, confirm, examples, result, table
from cli.projection_names import models_named
from infra.config import Settings, load
from infra.worker.builds import Known
from infra.worker.progress import Halted
from projections.model import Model
from projections.rebuilding.claiming import Taken, claimed
from projections.rebuilding.cutting_over import cut_over
from projections.rebuilding.old_builds import drop_old, old_builds, previous_build


class RolledBack(Struct, frozen=True):
    """Which build is live again, and which one is not any more."""

    model: str
    live_build: int
    dry_run: bool


class Dropped(Struct, frozen=True):
    """One build whose room is free again, or would be."""

    model: str
    build: int
    version: int
    state: str
    reason: str


@examples("agora projections rollback graph", "agora projections rollback graph --dry-run")
def rollback(
    name: Annotated[str, typer.Argument(help="A read model, such as graph.")],
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Make the previous build live again, once it has caught up.

    Readers never see an earlier position than before. The rows are not compared with the log again:
    `agora projections verify` does that. To roll back to a different version, use the Agora of that
    version.

    Exit codes: 0 done, 1 there is no previous build or it cannot catch up, 2 wrong usage or a
    server cannot be reached.
    """
    [model] = models_named([name], everything=False)
    settings = load(os.environ)
    with folding(), _told():
        build = asyncio.run(_previous(settings, model))
        if not dry_run:
            confirm(f"Make build {build.number} of {name} live again?", yes)
            asyncio.run(_roll_back(settings, model, build))
    said = f"Build {build.number} of {name} {'would be' if dry_run else 'is'} live again."
    result(RolledBack(name, build.number, dry_run), said, json)


@examples(
    "agora projections drop-old",
    "agora projections drop-old graph",
    "agora projections drop-old -y",
)
def drop_old_builds(
    names: Annotated[list[str] | None, typer.Argument(help="Read models; all if omitted.")] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Drop previous and failed builds, and free their space.

    You cannot roll back to them afterwards. Live builds, and those being filled, stay.

    Exit codes: 0 done, 1 someone is rebuilding one of the models or reading its tables, 2 wrong
    usage or a server cannot be reached.
    """
    models = models_named(names, everything=not names)
    settings = load(os.environ)
    with folding(), _told():
        found = asyncio.run(_old(settings, models))
        if found and not dry_run:
            listed = ", ".join(f"{one.model} {one.build}" for one in found)
            confirm(f"Drop the builds {listed}?", yes)
            found = asyncio.run(_drop(settings, models))
    result(found, _dropped_text(found, dry_run), json)


async def _previous(settings: Settings, model: Model) -> Known:
    async with looked_at(settings) as (pool, _):
        return await previous_build(pool, model)


async def _roll_back(settings: Settings, model: Model, build: Known) -> None:
    async with (
        opened(settings) as at,
        claimed(at.pool, settings.postgres.schema, [model.name], who()) as claim,
    ):
        await cut_over(model, build, claim, at.pool, at.log, at.keys)


async def _old(settings: Settings, models: Sequence[Model]) -> list[Dropped]:
    async with looked_at(settings) as (pool, _):
        return [
            _dropped(model, build) for model in models for build in await old_builds(pool, model)
        ]


async def _drop(settings: Settings, models: Sequence[Model]) -> list[Dropped]:
    names = [model.name for model in models]
    async with opened(settings) as at, claimed(at.pool, settings.postgres.schema, names, who()):
        return [
            _dropped(model, build) for model in models for build in await drop_old(at.pool, model)
        ]


@contextmanager
def _told() -> Iterator[None]:
    """Turns what stands in the way of changing builds into a failure."""
    try:
        yield
    except Taken as taken:
        raise Failure(str(taken), "run the same command again later", FAILED) from taken
    except Halted as reason:
        raise Failure(str(reason), "agora projections list", FAILED) from reason


def _dropped(model: Model, build: Known) -> Dropped:
    return Dropped(model.name, build.number, build.version, build.state.value, build.reason)


def _dropped_text(found: Sequence[Dropped], dry_run: bool) -> str:
    if not found:
        return "No build is old: there is nothing to drop."
    rows = [[one.model, str(one.build), str(one.version), one.state, one.reason] for one in found]
    said = "These would be dropped." if dry_run else "Dropped; their space is free."
    return f"{table(['MODEL', 'BUILD', 'VERSION', 'STATE', 'REASON'], rows)}\n\n{said}"
