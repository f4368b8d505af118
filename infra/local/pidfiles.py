"""Which processes of a stack are running, recorded for whoever follows a dead supervisor.

A file names a pid together with its start time and boot, so that one left behind by a crash or a
reboot is recognised as stale, and never makes us signal a stranger.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from infra.local.keys import write_private
from infra.local.procfs import Identity, alive, identify

SUPERVISOR: Final = "supervisor"
POLL_SECONDS: Final = 0.05


class PidFile(msgspec.Struct, frozen=True):
    """One process that was started, and the signal that ends it in good order."""

    name: str
    identity: Identity
    stop_signal: int


def record(run: Path, name: str, pid: int, stop_signal: int = signal.SIGTERM) -> None:
    """Write down that `pid` runs as `name`. Raises OSError, for instance on a full disk."""
    if (identity := identify(pid)) is not None:
        content = msgspec.json.encode(PidFile(name, identity, stop_signal))
        write_private(run / f"{name}.json", content)


def forget(run: Path, name: str) -> None:
    """The process ended."""
    (run / f"{name}.json").unlink(missing_ok=True)


def living(run: Path) -> list[PidFile]:
    """The processes that still run. Stale and half-written files are deleted on the way."""
    found = []
    for file in sorted(run.glob("*.json")):
        entry = _read(file)
        if entry is not None and alive(entry.identity):
            found.append(entry)
        else:
            file.unlink(missing_ok=True)
    return found


def stop_orphans(run: Path, timeout_seconds: float = 20.0) -> list[str]:
    """End what a supervisor that is no more has left running; the names of what was ended.

    Call it only while holding the supervisor's lock.
    """
    orphans = [entry for entry in living(run) if entry.name != SUPERVISOR]
    for orphan in orphans:
        _signal(orphan.identity, signal.SIGCONT)
        _signal(orphan.identity, orphan.stop_signal)
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline and any(alive(orphan.identity) for orphan in orphans):
        time.sleep(POLL_SECONDS)
    for orphan in orphans:
        _signal(orphan.identity, signal.SIGKILL)
        forget(run, orphan.name)
    return [orphan.name for orphan in orphans]


def signal_supervisor(run: Path) -> bool:
    """Ask a supervisor to end that does not answer; False when there is none."""
    found = [entry for entry in living(run) if entry.name == SUPERVISOR]
    for entry in found:
        _signal(entry.identity, signal.SIGCONT)
        _signal(entry.identity, entry.stop_signal)
    return bool(found)


def _read(file: Path) -> PidFile | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=PidFile)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _signal(identity: Identity, number: int) -> None:
    with _handle(identity) as handle:
        if handle is not None:
            signal.pidfd_send_signal(handle, number)


@contextlib.contextmanager
def _handle(identity: Identity) -> Iterator[int | None]:
    """A handle that can only mean this process; None when it is gone."""
    try:
        handle = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        yield None
        return
    try:
        # Looked at after opening: from here on the pid cannot be given to another process.
        yield handle if alive(identity) else None
    except ProcessLookupError:
        return
    finally:
        os.close(handle)
