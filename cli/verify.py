"""`agora projections verify`: whether the read models hold what the log comes to."""

import asyncio
import os
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from msgspec import Struct

from cli.folding import folding
from cli.output import FAILED, Failure, Json, examples, result, table
from cli.progress import Steps
from cli.projection_names import All, Names, models_named
from infra.config import Settings, load
from infra.log.kafka import open_log
from infra.postgres.pool import open_pool
from projections.model import Model
from projections.rebuilding.comparing import Verdict
from projections.rebuilding.crew import crew
from projections.rebuilding.differences import Difference
from projections.rebuilding.verifying import Wanted, verified

Reveal = Annotated[bool, typer.Option("--reveal", help="Show what differs: people's data.")]


class Shown(Struct, frozen=True, omit_defaults=True):
    """One row that differs; what it holds and should hold only where it may be seen."""

    table: str
    kind: str
    key: dict[str, str]
    columns: tuple[str, ...] = ()
    stored: Any = None
    expected: Any = None


class Found(Struct, frozen=True):
    """What was found of one model, where, and how many of its buckets of keys differ."""

    model: str
    build: int
    clean: bool
    rows: int
    positions: dict[str, int]
    buckets: int
    differences: tuple[Shown, ...]
    failure: str


@examples(
    "agora projections verify graph",
    "agora projections verify --all --json",
    "agora projections verify posts --reveal",
)
def verify(
    names: Names = None, everything: All = False, reveal: Reveal = False, json: Json = False
) -> None:
    """Compare read models with the log, folded to exactly where they are.

    Workers, commands and queries go on meanwhile, and so may a rebuild. Rows that were changed,
    lost, doubled or added are named by their key; what they hold is shown only with --reveal.
    Exit codes: 0 all is as the log has it, 1 something differs or cannot be told, 2 wrong usage or
    a server is away.
    """
    models = models_named(names, everything)
    with folding():
        verdicts = asyncio.run(_verified(load(os.environ), models))
    found = [_found(verdict, reveal) for verdict in verdicts]
    unclean = [verdict.model for verdict in verdicts if not verdict.clean]
    if not unclean:
        result(found, _text(found), json)
        return
    if not json:
        result(found, _text(found), json)
    advice = f"agora projections rebuild {' '.join(unclean)}"
    raise Failure(f"Not as the log has it: {', '.join(unclean)}.", advice, FAILED, found)


async def _verified(settings: Settings, models: Sequence[Model]) -> list[Verdict]:
    with Steps() as steps:
        async with (
            open_log(settings) as log,
            open_pool(settings.postgres, role="verify") as pool,
            crew(settings, settings.projections.fold_processes) as members,
        ):
            wanted = [Wanted(model) for model in models]
            verdicts = await verified(wanted, pool, log, members, steps)
            steps.end()
            return verdicts


def _found(verdict: Verdict, reveal: bool) -> Found:
    return Found(
        model=verdict.model,
        build=verdict.build,
        clean=verdict.clean,
        rows=verdict.rows,
        positions=verdict.positions,
        buckets=verdict.buckets,
        differences=tuple(_shown(each, reveal) for each in verdict.differences),
        failure=verdict.failure,
    )


def _shown(one: Difference, reveal: bool) -> Shown:
    shown = Shown(one.table, one.kind, one.key, one.columns)
    if not reveal:
        return shown
    return Shown(one.table, one.kind, one.key, one.columns, one.stored, one.expected)


def _text(found: Sequence[Found]) -> str:
    rows = [[each.model, str(each.build), f"{each.rows:,}", _summary(each)] for each in found]
    lines = [table(["MODEL", "BUILD", "ROWS", "RESULT"], rows)]
    differing = [_row(one) for each in found for one in each.differences]
    if differing:
        lines += ["", table(["TABLE", "ROW IS", "KEY", "COLUMNS"], differing)]
    lines += [
        f"  stored: {one.stored}\n  expected: {one.expected}"
        for each in found
        for one in each.differences
        if one.stored is not None
    ]
    return "\n".join(lines)


def _summary(found: Found) -> str:
    if found.failure:
        return found.failure
    if found.clean:
        return "as the log has it"
    return f"{len(found.differences)} rows differ, in {found.buckets} buckets of keys"


def _row(one: Shown) -> list[str]:
    key = " ".join(f"{name}={value}" for name, value in one.key.items())
    return [one.table, one.kind, key or "?", ", ".join(one.columns)]
