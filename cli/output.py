"""The manners of every `agora` command: where results go, how errors look, what exit codes mean.

Results go to stdout, everything else to stderr. With `--json` the result is one envelope
`{version, status, data, diagnostics}`, also when the command fails. Exit codes: 0 done, 1 found a
failure, 2 usage or environment; a command lists any others in its help.
"""

import inspect
import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Final, Literal, TypeVar

import msgspec
import typer

ENVELOPE_VERSION: Final = 1
FAILED: Final = 1
UNUSABLE: Final = 2
INTERRUPTED: Final = 130

Json = Annotated[bool, typer.Option("--json", help="Print one JSON envelope.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done; change nothing.")]


Command = TypeVar("Command", bound=Callable[..., object])


class Diagnostic(msgspec.Struct, frozen=True):
    """One remark beside a result. `advice` says what to try next."""

    message: str
    advice: str = ""


class Envelope(msgspec.Struct, frozen=True):
    """What `--json` prints, always exactly one."""

    version: int
    status: Literal["ok", "failed"]
    data: object
    diagnostics: tuple[Diagnostic, ...]


class Failure(Exception):
    """Ends a command: printed as one sentence with what to try next, then exit with `status`."""

    def __init__(
        self, message: str, advice: str = "", status: int = FAILED, data: object = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.status = status
        self.data = data


def result(data: object, text: str, as_json: bool, diagnostics: Sequence[Diagnostic] = ()) -> None:
    """Print what the command found: `data` in an envelope, or `text` for people."""
    if as_json:
        _print_envelope(Envelope(ENVELOPE_VERSION, "ok", data, tuple(diagnostics)))
        return
    if text:
        print(text)
    for diagnostic in diagnostics:
        _print_diagnostic(diagnostic)


def examples(*lines: str) -> Callable[[Command], Command]:
    """Show these lines in the command's help, right below its first paragraph."""

    def with_examples(command: Command) -> Command:
        first, _, rest = inspect.cleandoc(command.__doc__ or "").partition("\n\n")
        # A backspace on a line of its own keeps typer from filling the paragraph.
        shown = "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])
        command.__doc__ = f"{first}\n\n{shown}\n\n{rest}"
        return command

    return with_examples


def say(message: str) -> None:
    """Tell what is going on; never part of the result."""
    print(message, file=sys.stderr, flush=True)


def report(failure: Failure, as_json: bool) -> int:
    """Print a failure and return the exit code."""
    diagnostic = Diagnostic(failure.message, failure.advice)
    if as_json:
        _print_envelope(Envelope(ENVELOPE_VERSION, "failed", failure.data, (diagnostic,)))
    else:
        _print_diagnostic(diagnostic)
    return failure.status


def confirm(question: str, yes: bool) -> None:
    """Go on only after a yes. Raises Failure when nobody can be asked, or the answer is no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure(
            "This needs confirmation, and there is no terminal to ask.", "add --yes", UNUSABLE
        )
    say(f"{question} [y/N]")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Failure("Nothing was done.")


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of text, the first one to the left, wide enough for what is in them."""
    lines = [tuple(headings), *map(tuple, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def bold(text: str) -> str:
    """Bold on a terminal that takes colour; plain when piped or when NO_COLOR is set."""
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        return f"\033[1m{text}\033[0m"
    return text


def _print_envelope(envelope: Envelope) -> None:
    sys.stdout.write(msgspec.json.encode(envelope, enc_hook=str).decode() + "\n")
    sys.stdout.flush()


def _print_diagnostic(diagnostic: Diagnostic) -> None:
    say(f"agora: {diagnostic.message}")
    if diagnostic.advice:
        say(f"Try: {diagnostic.advice}")
