"""Which read models a command is about, by their names on the command line."""

from collections.abc import Sequence
from typing import Annotated

import typer

from cli.known import require
from cli.output import UNUSABLE, Failure
from projections.model import Model
from projections.models import MODELS

Names = Annotated[list[str] | None, typer.Argument(help="Read models, such as graph.")]
All = Annotated[bool, typer.Option("--all", help="All read models.")]


def models_named(names: Sequence[str] | None, everything: bool) -> list[Model]:
    """The models of these names, each once; all of them if `everything`.

    Raises Failure for a name that no model has, and when nothing was named.
    """
    known = {model.name: model for model in MODELS}
    if everything and names:
        raise Failure("Either names or --all.", "one of the two", UNUSABLE)
    if everything:
        return list(known.values())
    if not names:
        raise Failure("No read model is named.", f"--all, or some of {', '.join(known)}", UNUSABLE)
    for name in names:
        require(name, known, "read model")
    return [known[name] for name in dict.fromkeys(names)]
