"""The `agora` command. Each entry is imported only when it is called.

To add a command, write its module and add one line to `ENTRIES`. A target is a function with typer
annotations, or a group (`cli/group.py`) with commands of its own.
"""

import difflib
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import typer


class Entry(NamedTuple):
    """One command: its name, its line in the help, and where it lives (`module:attribute`)."""

    name: str
    summary: str
    target: str


ENTRIES: Final = (
    Entry("up", "Start the local stack and wait until it serves.", "cli.stack:up"),
    Entry("down", "Stop the local stack; its data stays.", "cli.stack:down"),
    Entry("reset", "Stop the local stack and delete its data.", "cli.stack:reset"),
    Entry("status", "Show the processes of the local stack.", "cli.stack:status"),
    Entry("logs", "Show or follow the logs of the local stack.", "cli.stack:logs"),
    Entry("demo", "Fill the running stack with people and posts.", "cli.demo:demo"),
    Entry("serve", "Run Agora's own processes.", "cli.serve:serve"),
    Entry("topics", "Create and list the topics of the log.", "cli.topics:app"),
    Entry("log", "Inspect the log: tail, show, check.", "cli.log:app"),
    Entry("partitions", "Show each partition and its owner.", "cli.partitions:partitions"),
    Entry("projections", "Watch, verify and rebuild the read models.", "cli.projections:app"),
    Entry("parked", "Look after events that were set aside.", "cli.parked:app"),
    Entry("timelines", "Compare cached home timelines with PostgreSQL.", "cli.timelines:timelines"),
    Entry("config", "Show the settings in force.", "cli.config:app"),
    Entry("generate", "Fill the log with an invented history.", "cli.generate:generate"),
    Entry("bench", "Measure Agora next to its peers.", "cli.bench:bench"),
)

EXAMPLES: Final = """\
Examples:
  agora up                 start everything on this machine
  agora status             what is running, where, and how it is doing
  agora logs commands -f   follow one process
  agora config show        every setting, its value, and where it comes from
"""


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code. Only a bug raises."""
    match arguments:
        case [] | ["--help" | "-h" | "help", *_]:
            print(overview())
            return 0
        case ["--version"]:
            from importlib.metadata import version

            print(f"agora {version('agora')}")
            return 0
        case [name, *rest]:
            return _run_entry(name, rest)
        case _:
            raise AssertionError(arguments)


def overview() -> str:
    """What `agora --help` prints: examples, then every command with its line."""
    lines = "\n".join(f"  {entry.name:<12} {entry.summary}" for entry in ENTRIES)
    return (
        f"Agora: an event-sourced social network.\n\n{EXAMPLES}\n"
        f"Commands:\n{lines}\n\nRun `agora COMMAND --help` for more about each."
    )


def _run_entry(name: str, arguments: Sequence[str]) -> int:
    from cli.output import INTERRUPTED, UNUSABLE, Failure, report
    from infra.config import SettingError

    as_json = "--json" in arguments
    try:
        return _invoke(_entry(name), arguments)
    except SettingError as problem:
        advice = "to fix it there; docs/reference/settings.md lists every setting"
        return report(Failure(f"setting {problem}", advice, UNUSABLE), as_json)
    except Failure as failure:
        return report(failure, as_json)
    except BrokenPipeError:
        # Whoever read our output has seen enough, as in `agora logs | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED


def _entry(name: str) -> Entry:
    from cli.output import UNUSABLE, Failure

    entries = {entry.name: entry for entry in ENTRIES}
    if name in entries:
        return entries[name]
    near = difflib.get_close_matches(name, entries, n=1, cutoff=0.5)
    advice = f"agora {near[0]}" if near else "agora --help"
    question = f" Did you mean {near[0]!r}?" if near else ""
    raise Failure(f"There is no command {name!r}.{question}", advice, UNUSABLE)


def _invoke(entry: Entry, arguments: Sequence[str]) -> int:
    import typer

    from cli.output import INTERRUPTED, Failure

    command = typer.main.get_command(_application(entry))
    program = f"agora {entry.name}"
    try:
        # Not `command.main()`, which would make a failure of a reader that has seen enough.
        with command.make_context(program, list(arguments)) as context:
            outcome = command.invoke(context)
    except typer.Exit as ended:
        return ended.exit_code
    except typer.Abort:
        return INTERRUPTED
    except typer.TyperException as problem:
        message = problem.format_message()
        raise Failure(message, f"{program} --help", problem.exit_code) from problem
    return outcome if isinstance(outcome, int) else 0


def _application(entry: Entry) -> "typer.Typer":
    import typer

    from cli.group import single

    module, _, attribute = entry.target.partition(":")
    target = getattr(import_module(module), attribute)
    if isinstance(target, typer.Typer):
        return target
    return single(entry.name, target)


if __name__ == "__main__":
    main()
