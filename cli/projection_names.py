"""Which read models a command is about, by their names on the command line."""

from collections.abc import Sequence
from typing import Annotated

import typer

from cli.known import require
from cli.output import UNUSABLE, Failure
from projections.model import Model
from projections.models import MODELS

Names = Annotated[list[str] | None, typer.Argument(help="Read models, such as graph.")]
All = Annotated[bool, typer.Option("--all", help="Select all of them.")]


def models_named(names: Sequence[str] | None, everything: bool) -> list[Model]:
    """The models of these names, each once; all of them if `everything`. As `chosen`."""
    known = {model.name: model for model in MODELS}
    return [known[name] for name in chosen(names, everything, list(known), "read model")]


def chosen(
    names: Sequence[str] | None, everything: bool, known: Sequence[str], kind: str
) -> list[str]:
    """These names, each once, or all that are `known`, which are of a `kind` such as "read model".

    Raises Failure for a name that is not known, and unless names were given or `everything`.
    """
    if everything and names:
        raise Failure("Give either names or --all, not both.", "only one of them", UNUSABLE)
    if everything:
        return list(known)
    if not names:
        raise Failure(
            f"Name a {kind}, or use --all.", f"--all, or some of {', '.join(known)}", UNUSABLE
        )
    for name in names:
        require(name, known, kind)
    return list(dict.fromkeys(names))
