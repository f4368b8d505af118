"""`agora projections explain`: how one row of a read model came to be as it is, or is not there."""

import asyncio
import os
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from msgspec.structs import replace

from cli.explained import Explained, text_of
from cli.folding import folding
from cli.output import FAILED, Failure, Json, examples, result
from cli.progress import Steps
from cli.reaching import patient, patient_log, require_topics
from cli.row_named import Named, row_named
from infra.config import Settings, load
from infra.log.cloudevents import HIDDEN
from infra.postgres.pool import open_pool
from projections.explaining import Cause
from projections.rebuilding.crew import crew
from projections.rebuilding.explaining import Explanation, explained
from projections.tables import Row, columns_of

WORDY: Final = frozenset({"text", "jsonb"})
"""The types of columns that may hold people's own words, if the log does not tell which do."""

Name = Annotated[str, typer.Argument(help="A table, such as follows or graph.follows.")]
Words = Annotated[
    list[str] | None, typer.Argument(help="The row's key: values in order, or column=value.")
]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show people's own words.")]


@examples(
    "agora projections explain follows TARGET FOLLOWER",
    "agora projections explain posts post_id=0190a5d0-ac96-774b-bcce-b302099a8057 --reveal",
    "agora projections explain graph.follower_counts ACCOUNT --json",
)
def explain(name: Name, words: Words = None, reveal: Reveal = False, json: Json = False) -> None:
    """Show one row, the decisions behind it, and whether they agree.

    This works for a missing row, too: it says whether the row never existed, what removed it, or
    what was set aside. The log is folded up to where the model is. People's own words are hidden
    without --reveal.

    Exit codes: 0 the row matches the log, 1 it does not or that cannot be determined, 2 wrong usage
    or a server cannot be reached.
    """
    wanted = row_named(name, words or ())
    with folding():
        found = asyncio.run(_explained(load(os.environ), wanted))
    shown = _shown(wanted, found, reveal)
    if shown.agrees:
        result(shown, text_of(shown), json)
        return
    if not json:
        result(shown, text_of(shown), json)
    advice = "agora projections verify" if found.failures else "agora projections rebuild"
    raise Failure(shown.why, f"{advice} {wanted.model.name}", FAILED, shown)


async def _explained(settings: Settings, wanted: Named) -> Explanation:
    await require_topics(settings)
    with Steps() as steps:
        async with (
            patient_log(settings) as log,
            open_pool(settings.postgres, role="explain") as pool,
            crew(patient(settings), settings.projections.fold_processes) as members,
        ):
            return await explained(
                wanted.model, wanted.table, wanted.key, pool, log, members, steps
            )


def _shown(wanted: Named, found: Explanation, reveal: bool) -> Explained:
    traced = list(found.traced.values())
    causes = sorted(
        (cause for each in traced for cause in each.causes),
        key=lambda cause: (cause.at, cause.partition, cause.offset),
    )
    types = {column.name: column.type for column in columns_of(wanted.table)}
    # Without a decision that made it, nothing tells what a row holds that somebody else wrote.
    guessed = [] if causes else [name for name in types if types[name] in WORDY]
    hidden = frozenset() if reveal else found.personal.union(guessed) - set(wanted.table.key)
    return Explained(
        model=wanted.model.name,
        build=found.stand.build.number,
        table=wanted.table.name,
        key={name: str(one) for name, one in zip(wanted.table.key, wanted.key, strict=True)},
        agrees=found.agrees,
        why=_why(found, causes),
        stored=tuple(_masked(row, hidden) for row in found.stored),
        folded=_masked(found.folded, hidden) if found.folded is not None else None,
        differing=found.differing,
        positions={str(one): found.stand.checkpoints[one].offset for one in sorted(found.traced)},
        causes=tuple(_hiding(cause, hidden) for cause in causes),
        earlier=sum(each.earlier for each in traced),
        set_aside=tuple(one for each in traced for one in each.set_aside),
        hidden=tuple(sorted(hidden)),
    )


def _why(found: Explanation, causes: Sequence[Cause]) -> str:
    if found.failures:
        return f"That cannot be told: {found.failures[0]}"
    if len(found.stored) > 1:
        return f"The row is there {len(found.stored)} times."
    if found.stored and found.folded is not None:
        if not found.differing:
            return "The row is as the log has it."
        return f"The row is not as the log has it: {', '.join(found.differing)}."
    if found.folded is not None:
        return "The row is not there, and should be."
    if not found.agrees:
        return f"The row is there, and should not be: {_absence(found, causes)}"
    return f"The row is not there, and should not be: {_absence(found, causes)}"


def _absence(found: Explanation, causes: Sequence[Cause]) -> str:
    """Why the log comes to no such row."""
    if causes:
        last = causes[-1]
        return f"{', '.join(last.events)} removed it, {last.partition} at offset {last.offset}."
    aside = [one for each in found.traced.values() for one in each.set_aside]
    if aside:
        first = aside[0]
        verb = "was dropped" if first.dropped else "is parked"
        return f"what may have made it {verb}, {first.partition} at offset {first.offset}."
    return "no decision ever made it."


def _masked(row: Row, hidden: frozenset[str]) -> Row:
    return {name: HIDDEN if name in hidden else row[name] for name in row}


def _hiding(cause: Cause, hidden: frozenset[str]) -> Cause:
    before, after = _masked(cause.before, hidden), _masked(cause.after, hidden)
    return replace(cause, before=before, after=after)
