"""`agora up`, `down`, `reset`, `status` and `logs`: the local stack, from the outside."""

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from cli import supervise
from cli.output import UNUSABLE, DryRun, Failure, Json, Yes, confirm, examples, result, say
from cli.stack_report import processes_of, status_table, what_to_try
from infra.config import Settings, load, load_with_sources
from infra.config_sources import DEFAULT_FILE, file_in_use
from infra.local import launch, log_files, pidfiles, settings_file
from infra.local.control import NoAnswer, Status, ask
from infra.local.home import Home, home_at
from infra.local.keys import ensure_keys
from infra.local.process import StartError
from infra.local.supervisor import disk_warnings

START_SECONDS: Final = 180.0
STOP_SECONDS: Final = 90.0
POLL_SECONDS: Final = 0.1

ServersOnly = Annotated[
    bool, typer.Option("--servers-only", help="Start the servers, but none of Agora's processes.")
]


@examples("agora up", "agora up --servers-only", "AGORA_GATEWAY_PORT=8080 agora up")
def up(servers_only: ServersOnly = False, json: Json = False) -> None:
    """Start the local stack in the background and wait until it serves.

    If a port is taken, another one is picked and saved in the settings file.

    Exit codes: 0 it serves, 1 something does not start, 2 a setting stands in the way.
    """
    home = _home()
    lock = launch.take_lock(home)
    if lock is None:
        say("The stack is already running.")
    else:
        _start(home, lock, servers_only=servers_only)
    status = _until_serving(home)
    if lock is None and not servers_only and supervise.lacks_agora(status):
        raise Failure("Only the servers are running.", "agora down, then agora up")
    result(processes_of(status), what_to_try(load(os.environ), status), json)


@examples("agora down")
def down(json: Json = False) -> None:
    """Stop the local stack gracefully; its data stays."""
    stopped = _stop(_home())
    result(
        {"was_running": stopped},
        "The stack has stopped; its data stays." if stopped else "The stack was not running.",
        json,
    )


@examples("agora reset --dry-run", "agora reset --yes")
def reset(yes: Yes = False, dry_run: DryRun = False, json: Json = False) -> None:
    """Stop the local stack and delete its data, keys and logs.

    Kafka's jars and the settings file stay.
    """
    home = _home()
    doomed = [str(folder) for folder in home.erasable if folder.exists()]
    listed = "\n".join(f"  {folder}" for folder in doomed) or "  nothing"
    if dry_run:
        result({"deleted": [], "would_delete": doomed}, f"Would delete:\n{listed}", json)
        return
    say(f"This deletes everything that the stack has stored:\n{listed}")
    confirm("Delete it?", yes)
    _stop(home)
    lock = launch.take_lock(home)
    if lock is None:
        raise Failure(
            "The stack was started again in the meantime.", "agora down, then agora reset"
        )
    try:
        for folder in home.erasable:
            if folder.exists():
                shutil.rmtree(folder)
    finally:
        os.close(lock)
    result({"deleted": doomed}, "Deleted. `agora up` starts with an empty log.", json)


@examples("agora status", "agora status --json")
def status(json: Json = False) -> None:
    """Show the processes of the local stack and how they are doing.

    For each: pid, port, uptime, restarts, memory and CPU.

    Exit codes: 0 everything serves, 1 the stack is not running, or not all of it serves.
    """
    try:
        found = ask(_home().run, "status")
    except (NoAnswer, FileNotFoundError) as problem:
        raise Failure("The stack is not running.", "agora up") from problem
    processes = processes_of(found)
    if found.serving or not json:
        result(processes, status_table(processes, found), json)
    if not found.serving:
        raise Failure("Not everything is serving.", "agora logs", data=processes)


@examples("agora logs", "agora logs commands gateway -n 100", "agora logs -f")
def logs(
    names: Annotated[
        list[str] | None, typer.Argument(help="Processes; all of them if omitted.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep following until Ctrl-C.")
    ] = False,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, help="How many lines from the end.")
    ] = 20,
) -> None:
    """Show the end of the stack's logs, or follow them."""
    files = _log_files(_home(), names or [])
    for file in files:
        for line in log_files.last_lines(file, lines):
            print(_labelled(file, line, files))
    if follow:
        for file, line in log_files.follow(files):
            print(_labelled(file, line, files), flush=True)


def _home() -> Home:
    return home_at(load(os.environ).local.home)


def _start(home: Home, lock: int, *, servers_only: bool) -> None:
    """Make ready and start a supervisor, which takes over the lock."""
    for name in pidfiles.stop_orphans(home.run):
        say(f"{name} was left over from a supervisor that has died: stopped")
    for warning in disk_warnings(home):
        say(f"agora: {warning}")
    try:
        settings = _settled(home)
        ensure_keys(settings)
        supervise.stages(settings, servers_only=servers_only)
        launch.spawn(supervise.command(servers_only=servers_only), home, lock)
    except StartError as problem:
        raise Failure(str(problem), "make up, which installs what is missing", UNUSABLE) from None
    except OSError as problem:
        raise Failure(f"Cannot write to {home.root}: {problem}", status=UNUSABLE) from problem


def _settled(home: Home) -> Settings:
    """Settings whose ports are free; what had to change for it is kept in the settings file."""
    file = file_in_use(os.environ, None) or DEFAULT_FILE
    settings, sources = load_with_sources(os.environ)
    added = {
        **launch.with_password(settings, home),
        **launch.with_limits_lifted(settings, sources),
        **launch.with_prompt_workers(sources),
    }
    if added:
        settings_file.change(file, added)
        settings, sources = load_with_sources(os.environ)
    settled = launch.settle(settings, sources, file)
    for message in settled.messages:
        say(f"{message}, kept in {file}")
    if settled.changes:
        settings_file.change(file, settled.changes)
    return load(os.environ)


def _until_serving(home: Home) -> Status:
    """Wait until everything serves, and tell about each step."""
    told: dict[str, str] = {}
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        status = _status_soon(home)
        if status.stopping:
            raise Failure("The stack is being stopped.", "agora up again in a moment")
        for process in status.processes:
            if told.get(process.name) != process.state and process.state != "waiting":
                told[process.name] = process.state
                say(f"  {process.name:<12} {process.state}")
            if process.state == "failing":
                raise Failure(process.problem, f"agora logs {process.name}; agora down")
        if status.serving:
            return status
        time.sleep(POLL_SECONDS)
    raise Failure(f"Not everything is serving after {START_SECONDS:.0f} s.", "agora status")


def _status_soon(home: Home) -> Status:
    """The supervisor's status, once it answers. Raises Failure when it has ended."""
    while True:
        try:
            return ask(home.run, "status")
        except NoAnswer:
            lock = launch.take_lock(home)
            if lock is not None:
                os.close(lock)
                lines = log_files.last_lines(home.log_file(pidfiles.SUPERVISOR), 5)
                message = "\n".join(["The supervisor ended.", *(f"  | {line}" for line in lines)])
                raise Failure(message, "agora logs supervisor") from None
        time.sleep(POLL_SECONDS)


def _stop(home: Home) -> bool:
    """Stop what runs, whatever state it is in; whether anything did."""
    if not home.run.exists():
        return False
    try:
        ask(home.run, "stop")
        ran = True
    except NoAnswer:
        ran = pidfiles.signal_supervisor(home.run)
    deadline = time.monotonic() + STOP_SECONDS
    while (lock := launch.take_lock(home)) is None:
        if time.monotonic() > deadline:
            raise Failure(f"The stack has not stopped after {STOP_SECONDS:.0f} s.", "agora status")
        time.sleep(POLL_SECONDS)
    try:
        return bool(pidfiles.stop_orphans(home.run)) or ran
    finally:
        os.close(lock)


def _log_files(home: Home, names: Sequence[str]) -> list[Path]:
    known = {file.stem: file for file in sorted(home.logs.glob("*.log"))}
    if not known:
        raise Failure("There are no logs yet.", "agora up")
    for name in names:
        if name not in known:
            advice = f"one of: {', '.join(known)}"
            raise Failure(f"There is no log of {name!r}.", advice, UNUSABLE)
    return [known[name] for name in names] or list(known.values())


def _labelled(file: Path, line: str, files: list[Path]) -> str:
    return line if len(files) == 1 else f"{file.stem:<12} {line}"
