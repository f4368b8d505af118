"""`agora projections pause` and `resume`, which take effect in every worker."""

import asyncio
import os
from collections.abc import Collection, Sequence
from typing import Annotated, Final

import typer
from msgspec import Struct

from cli.operator import operator_name
from cli.output import Diagnostic, Failure, Json, Yes, confirm, examples, result
from cli.projection_names import All, chosen
from cli.projections_status import paused_by
from cli.reaching import opened_store
from commands.reactions import REACTIONS
from infra.config import Settings, load
from infra.worker import pauses
from infra.worker.pauses import Pause
from projections.models import MODELS

VISIBILITY: Final = """\
What people may see is decided by {}. While that is paused, they see things as they stand now:
a block, or a post that is deleted or closed to them, is recorded but hides nothing that was there
before, and whoever does such a thing is told that it does not hold everywhere yet. What they post
afterwards is shown to nobody else before it does."""
REACTION: Final = "Facts wait on their way to other people's shards while {} is paused."

Names = Annotated[
    list[str] | None, typer.Argument(help="Read models and reactions, named as in `status`.")
]
Why = Annotated[str, typer.Option("--reason", help="Why; shown by `status`.")]


class Changed(Struct, frozen=True):
    """What the command paused or let go on, and what was so before."""

    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    under_way: tuple[str, ...] = ()


@examples(
    "agora projections pause graph --reason 'moving the disk'",
    "agora projections pause --all --yes",
)
def pause(
    names: Names = None,
    everything: All = False,
    reason: Why = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Stop read models or reactions until `resume`.

    A pause holds for every worker and survives restarts. When the command returns, nothing more is
    written to those models; all others carry on. Queries that wait for something they have not
    applied are refused at once with MODEL_PAUSED.

    Exit codes: 0 done, 1 a batch is still in progress or the answer was no, 2 wrong usage or
    PostgreSQL cannot be reached.
    """
    wanted = _named(names, everything)
    if warnings := _warnings(wanted):
        confirm("\n".join([*warnings, f"Pause {', '.join(wanted)}?"]), yes)
    done, standing = asyncio.run(_pause(load(os.environ), wanted, reason))
    told = [paused_by(name, standing[name]) for name in wanted if name in standing]
    if done.under_way:
        message = f"Paused, but a batch is still under way: {', '.join(done.under_way)}."
        raise Failure(message, "agora projections pause again, to keep waiting", data=done)
    result(done, "\n".join(told), json)


@examples("agora projections resume graph", "agora projections resume --all")
def resume(names: Names = None, everything: All = False, json: Json = False) -> None:
    """Let paused read models or reactions continue.

    They catch up by reading the log.

    Exit codes: 0 done, 2 wrong usage or PostgreSQL cannot be reached.
    """
    done = asyncio.run(_resume(load(os.environ), _named(names, everything)))
    text = f"{', '.join(done.changed)} can go on." if done.changed else ""
    same = [Diagnostic(f"{name} was not paused.") for name in done.unchanged if not everything]
    result(done, text, json, same)


def _named(names: Sequence[str] | None, everything: bool) -> list[str]:
    known = [model.name for model in MODELS] + [f"reaction:{one.name}" for one in REACTIONS]
    return chosen(names, everything, known, "read model or reaction")


def _warnings(wanted: Collection[str]) -> list[str]:
    deciding = [model.name for model in MODELS if model.visibility and model.name in wanted]
    reacting = [name for name in wanted if name.startswith("reaction:")]
    found = [VISIBILITY.format(", ".join(deciding))] if deciding else []
    return found + ([REACTION.format(", ".join(reacting))] if reacting else [])


async def _pause(
    settings: Settings, wanted: Sequence[str], reason: str
) -> tuple[Changed, dict[str, Pause]]:
    async with (
        opened_store(settings, read_only=False) as pool,
        pool.connection() as connection,
    ):
        who = operator_name()
        new = [name for name in wanted if await pauses.pause(connection, name, who, reason)]
        busy = [name for name in wanted if not await pauses.settle(connection, name)]
        same = [name for name in wanted if name not in new]
        return Changed(tuple(new), tuple(same), tuple(busy)), await pauses.pauses(connection)


async def _resume(settings: Settings, wanted: Sequence[str]) -> Changed:
    async with (
        opened_store(settings, read_only=False) as pool,
        pool.connection() as connection,
    ):
        gone = [name for name in wanted if await pauses.resume(connection, name)]
        return Changed(tuple(gone), tuple(name for name in wanted if name not in gone))
