"""Typer as the command line uses it: plain help, no completion, tracebacks left to Python."""

from collections.abc import Callable, Mapping

import typer


def single(name: str, command: Callable[..., object]) -> typer.Typer:
    """An application that is one command, such as `agora up`."""
    application = _plain("")
    application.command(name)(command)
    return application


def group(summary: str, commands: Mapping[str, Callable[..., object]]) -> typer.Typer:
    """An application that holds `commands`, listed in their order, such as `agora log`."""
    application = _plain(summary)
    application.callback()(_none_of_its_own)
    for name, command in commands.items():
        application.command(name)(command)
    return application


def _plain(summary: str) -> typer.Typer:
    return typer.Typer(
        help=summary or None,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


def _none_of_its_own() -> None:
    """Without a callback, typer would make a group of one command that command itself."""
