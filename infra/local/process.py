"""One server or worker as a child process: how to start it, and its life cycle."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

STOP_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.02
LAST_LINES: Final = 12
KEPT_RIGHT: Final = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")


class StartError(Exception):
    """A process that could not be prepared, or ended or stayed silent before it was ready."""


def _nothing() -> None:
    return None


class Recipe(msgspec.Struct, frozen=True):
    """How to run one process.

    `prepare` may take seconds (making a database), runs before each start and does nothing when
    its work is there already; it raises StartError. `ready` must answer within a fraction of a
    second and raise nothing. `port` is the one that people know the process by, 0 if none. With
    `run_as` root gives up its rights for those of that user. One that runs `once` ends by itself,
    and counts as ready when it ended well. One that cannot be asked has to live `settle_seconds`.
    """

    name: str
    argv: tuple[str, ...]
    ready: Callable[[], bool]
    port: int = 0
    prepare: Callable[[], None] = _nothing
    environ: dict[str, str] = {}
    run_as: str = ""
    once: bool = False
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = STOP_SECONDS
    start_seconds: float = 30.0
    settle_seconds: float = 0.0


class Process:
    """A child process that may be started, stopped and started again.

    Its output is appended to `log_file`, directly, so that the child outlives whoever started it.
    With `dies_with_parent` the kernel kills the child when the thread that started it ends,
    however that happens: tests leave nothing behind.
    """

    def __init__(self, recipe: Recipe, log_file: Path, *, dies_with_parent: bool = False) -> None:
        self.recipe = recipe
        self.log_file = log_file
        self._dies_with_parent = dies_with_parent
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The child's pid; 0 while there is no child."""
        return self._child.pid if self._child else 0

    @property
    def running(self) -> bool:
        """Whether the child lives, be it paused."""
        return self._child is not None and self._child.poll() is None

    @property
    def exit_status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs or never ran."""
        return self._child.poll() if self._child else None

    def start(self) -> None:
        """Prepare and spawn. Raises StartError when that is impossible, does not wait for ready."""
        try:
            self.recipe.prepare()
        except OSError as problem:
            raise StartError(f"{self.recipe.name} cannot be prepared: {problem}") from problem
        self.spawn()

    def spawn(self) -> None:
        """Start the child, which must be prepared. Raises StartError."""
        argv = with_rights(self.recipe.argv, self.recipe.run_as, self._dies_with_parent)
        try:
            self.log_file.parent.mkdir(parents=True, exist_ok=True)
            with self.log_file.open("ab") as log:
                self._child = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **self.recipe.environ},
                    start_new_session=True,
                )
        except OSError as problem:
            raise StartError(f"{self.recipe.name} cannot start: {problem}") from problem

    def ready(self) -> bool:
        """Whether it serves now."""
        return self.running and self.recipe.ready()

    def wait_ready(self, timeout_seconds: float | None = None) -> None:
        """Wait until it serves. Raises StartError, with the last lines of its log, if it does not.

        Without a time-out the recipe's `start_seconds` is taken.
        """
        limit = self.recipe.start_seconds if timeout_seconds is None else timeout_seconds
        deadline = time.monotonic() + limit
        while not self.ready():
            if not self.running:
                raise StartError(self.failure())
            if time.monotonic() > deadline:
                raise StartError(f"{self.recipe.name} is not ready after {limit:.0f} s")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Ask it to end; after the recipe's `stop_seconds` kill it. Does nothing when ended."""
        if not self.running:
            return
        self.signal(signal.SIGCONT)
        self.signal(self.recipe.stop_signal)
        if not self.wait(self.recipe.stop_seconds):
            self.kill()

    def kill(self) -> None:
        """End it at once, as a crash would, and wait until it is gone."""
        if self.running:
            self.signal(signal.SIGKILL)
            self.wait(None)

    def restart(self) -> None:
        """Stop if needed, start, and wait until it serves. Raises StartError."""
        self.stop()
        self.start()
        self.wait_ready()

    def pause(self) -> None:
        """Freeze it with SIGSTOP: it keeps its connections and answers nobody."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on."""
        self.signal(signal.SIGCONT)

    def signal(self, number: int) -> None:
        """Send a signal to the child, if it lives."""
        if self._child is not None:
            self._child.send_signal(number)

    def wait(self, timeout_seconds: float | None) -> bool:
        """Wait for its end; False when the time was over first."""
        if self._child is None:
            return True
        try:
            self._child.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def failure(self) -> str:
        """How it ended, in one sentence, with the last lines of its log."""
        status = self.exit_status
        if status is None:
            how = "did not start"
        elif status < 0:
            how = f"was ended by {signal.Signals(-status).name}"
        else:
            how = f"ended with status {status}"
        return "\n".join([f"{self.recipe.name} {how}; see {self.log_file}", *self.last_lines()])

    def last_lines(self) -> list[str]:
        """The end of its log, for error messages."""
        try:
            with self.log_file.open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - (32 << 10)))
                text = log.read().decode(errors="replace")
        except FileNotFoundError:
            return []
        # The frames of a Java trace would push out the line that says what is wrong.
        lines = [line for line in text.splitlines() if not line.startswith(("\tat ", "\t... "))]
        return [f"  | {line}" for line in lines[-LAST_LINES:]]


def with_rights(
    argv: Sequence[str], run_as: str, dies_with_parent: bool = False
) -> tuple[str, ...]:
    """`argv` run as another user, ended by the kernel with its parent, or both.

    That user keeps root's right to pass through folders, since the project may lie in one (such as
    /root) that is closed to others.
    """
    user = ("--reuid", run_as, "--regid", run_as, "--init-groups", *KEPT_RIGHT) if run_as else ()
    parent = ("--pdeathsig", "KILL") if dies_with_parent else ()
    return ("setpriv", *user, *parent, "--", *argv) if user or parent else tuple(argv)


def answers(port: int, say: bytes, expect: bytes, host: str = "127.0.0.1") -> bool:
    """Whether a server at `port` answers `say` with something that contains `expect`."""
    try:
        with socket.create_connection((host, port), timeout=0.3) as connection:
            if say:
                connection.sendall(say)
            return not expect or expect in connection.recv(65536)
    except OSError:
        return False
