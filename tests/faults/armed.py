"""A process of Agora's that can be told to die, or to freeze, at a point between two steps."""

import asyncio
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from infra.config import Settings
from infra.config_sources import variables_of
from infra.local.process import Process, Recipe

HEALTHY_S: Final = 60.0
"""Within this everything is served again, whatever happened, on a busy machine as well."""
AWAY: Final = "Something it needs is away"
"""What a process says that cannot start for want of a server; it is started again until it can."""


class Armed:
    """`agora serve SIDES…`. Arm a point (`tests.faults.points`) and it dies there.

    `environ` is what its wrapper reads beside the settings (`tests.faults.instance`).
    """

    def __init__(
        self,
        name: str,
        sides: tuple[str, ...],
        settings: Settings,
        folder: Path,
        ready: Callable[[], bool],
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.settings = settings
        self._trigger = folder / f"{name}.point"
        recipe = Recipe(
            name=name,
            argv=(
                *(sys.executable, "-m", "tests.faults.instance"),
                *(str(self._trigger), "serve", *sides),
            ),
            ready=ready,
            environ=variables_of(settings) | dict(environ or {}),
        )
        self.process = Process(recipe, folder / f"{name}.log", dies_with_parent=True)
        self.crashes: list[str] = []
        """How it ended whenever nobody had ended it."""

    def arm(self, point: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Has the process die, or freeze on SIGSTOP, when it passes `point`."""
        whole = self._trigger.with_suffix(".new")
        whole.write_text(f"{number} {point}")
        whole.rename(self._trigger)

    def disarm(self) -> None:
        """Lets the process pass every point."""
        self._trigger.unlink(missing_ok=True)

    def set_clock(self, off_s: float) -> None:
        """From its next start on, its clock is that much off."""
        self._trigger.with_suffix(".clock").write_text(str(off_s))

    async def died(self, within_s: float = HEALTHY_S) -> None:
        """Until the process has ended; raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while self.process.running:  # noqa: ASYNC110  Processes ring no bell.
                await asyncio.sleep(0.005)

    async def froze(self) -> None:
        """Until the process is stopped by a signal; raises TimeoutError."""
        async with asyncio.timeout(HEALTHY_S):
            while not frozen(self.process.pid):  # noqa: ASYNC110  Processes ring no bell.
                await asyncio.sleep(0.005)

    def revive(self) -> None:
        """Starts it if it has ended, as a supervisor does; notes it if it crashed."""
        if self.process.running:
            return
        if self.process.exit_status not in {None, 0, -signal.SIGKILL}:
            told = self.process.failure()
            if AWAY not in told:
                self.crashes.append(told)
        self.process.start()

    async def ready(self) -> None:
        """Until the process takes calls, started anew if it has ended; raises TimeoutError."""
        async with asyncio.timeout(HEALTHY_S):
            while not self.process.ready():
                self.revive()
                await asyncio.sleep(0.02)


def frozen(pid: int) -> bool:
    """Whether a signal has stopped the process (state T in proc(5))."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"
