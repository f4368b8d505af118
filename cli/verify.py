"""`agora projections verify`: whether read models and cached homes hold what they should.

Read models are held against the log, timelines in Redis against what PostgreSQL would answer.
"""

import asyncio
import os
from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer
from msgspec import Struct

from cli.folding import folding
from cli.output import FAILED, Failure, Json, examples, result, table
from cli.progress import Steps
from cli.projection_names import All, chosen
from cli.reaching import patient, patient_log, require_topics
from cli.timelines import ADVICE, kinds_text, overview, place_of
from infra.config import Settings, load
from infra.postgres.pool import open_pool
from projections.model import Model
from projections.models import MODELS
from projections.rebuilding.comparing import Verdict
from projections.rebuilding.crew import crew
from projections.rebuilding.differences import Difference
from projections.rebuilding.verifying import Wanted, verified
from queries.feeds.comparison import Overview

TIMELINES: Final = "timelines"
"""What the cached homes are called beside the read models."""

Names = Annotated[
    list[str] | None, typer.Argument(help="Read models, such as graph; timelines in Redis.")
]
Reveal = Annotated[
    bool, typer.Option("--reveal", help="Show the contents that differ: personal data.")
]


class Shown(Struct, frozen=True, omit_defaults=True):
    """One row that differs; what it holds and should hold only where it may be seen."""

    table: str
    kind: str
    key: dict[str, str]
    columns: tuple[str, ...] = ()
    stored: Any = None
    expected: Any = None


class Found(Struct, frozen=True):
    """What was found of one model, where, and how many of its buckets of keys differ.

    Of timelines, `rows` is how many there are, and `undecided` how many no read would use now, so
    that there is nothing to compare. What differs there without a fault is in `differences`, too.
    """

    model: str
    build: int
    clean: bool
    rows: int
    positions: dict[str, int]
    buckets: int
    differences: tuple[Shown, ...]
    failure: str
    summary: str
    undecided: int = 0


@examples(
    "agora projections verify graph",
    "agora projections verify --all --json",
    "agora projections verify posts --reveal",
    "agora projections verify timelines",
)
def verify(
    names: Names = None, everything: All = False, reveal: Reveal = False, json: Json = False
) -> None:
    """Compare read models and cached timelines with the log.

    The log is folded to exactly the point each model has reached, so workers, commands, queries and
    even a rebuild can keep running. Rows that were changed, lost, doubled or added are listed by
    key; their contents are shown only with --reveal. In timelines, missing and misplaced posts and
    damaged lists are faults; surplus and doubled posts are listed, but affect no answer.

    Exit codes: 0 everything matches, 1 something differs or cannot be compared, 2 wrong usage or a
    server cannot be reached.
    """
    known = [*(model.name for model in MODELS), TIMELINES]
    wanted = chosen(names, everything, known, "read model or cache")
    models = [model for model in MODELS if model.name in wanted]
    with folding():
        found = asyncio.run(_found(load(os.environ), models, TIMELINES in wanted, reveal))
    unclean = [one.model for one in found if not one.clean]
    if not unclean:
        result(found, _text(found), json)
        return
    if not json:
        result(found, _text(found), json)
    message = f"These do not match: {', '.join(unclean)}."
    raise Failure(message, _advice(unclean), FAILED, found)


async def _found(
    settings: Settings, models: Sequence[Model], timelines: bool, reveal: bool
) -> list[Found]:
    with Steps() as steps:
        # First, since that is soon done: who is away is known before the log is folded.
        cached = [_of_timelines(await overview(settings, steps))] if timelines else []
        verdicts = await _verified(settings, models, steps) if models else []
    return [*(_of_model(verdict, reveal) for verdict in verdicts), *cached]


async def _verified(settings: Settings, models: Sequence[Model], steps: Steps) -> list[Verdict]:
    await require_topics(settings)
    async with (
        patient_log(settings) as log,
        open_pool(settings.postgres, role="verify") as pool,
        crew(patient(settings), settings.projections.fold_processes) as members,
    ):
        return await verified([Wanted(model) for model in models], pool, log, members, steps)


def _advice(unclean: Sequence[str]) -> str:
    models = [name for name in unclean if name != TIMELINES]
    rebuild = [f"agora projections rebuild {' '.join(models)}"] if models else []
    return "; then ".join(rebuild + ([ADVICE] if TIMELINES in unclean else []))


def _of_model(verdict: Verdict, reveal: bool) -> Found:
    return Found(
        model=verdict.model,
        build=verdict.build,
        clean=verdict.clean,
        rows=verdict.rows,
        positions=verdict.positions,
        buckets=verdict.buckets,
        differences=tuple(_shown(each, reveal) for each in verdict.differences),
        failure=verdict.failure,
        summary=_summary(verdict),
    )


def _of_timelines(found: Overview) -> Found:
    parts = ["as PostgreSQL answers" if not found.faults else "not as PostgreSQL answers"]
    if kinds := kinds_text(found):
        parts.append(kinds)
    if found.undecided:
        parts.append(f"{found.undecided} not in use now")
    return Found(
        model=TIMELINES,
        build=0,
        clean=not found.faults,
        rows=found.timelines,
        positions={},
        buckets=0,
        differences=tuple(
            Shown(TIMELINES, one.kind.value, place_of(one)) for one in found.differences
        ),
        failure="",
        summary="; ".join(parts),
        undecided=found.undecided,
    )


def _summary(verdict: Verdict) -> str:
    if verdict.failure:
        return verdict.failure
    if verdict.clean:
        return "as the log has it"
    return f"rows that differ: {len(verdict.differences)}, in buckets of keys: {verdict.buckets}"


def _shown(one: Difference, reveal: bool) -> Shown:
    shown = Shown(one.table, one.kind, one.key, one.columns)
    if not reveal:
        return shown
    return Shown(one.table, one.kind, one.key, one.columns, one.stored, one.expected)


def _text(found: Sequence[Found]) -> str:
    rows = [[each.model, str(each.build or "-"), f"{each.rows:,}", each.summary] for each in found]
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


def _row(one: Shown) -> list[str]:
    key = " ".join(f"{name}={value}" for name, value in one.key.items())
    return [one.table, one.kind, key or "?", ", ".join(one.columns)]
