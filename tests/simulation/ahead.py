"""The schedules that tests look at, played while other tests wait for their servers.

A run of all tests by one process leaves half of the processors' time unused, and schedules need
nothing else. So a process of its own begins with them when the run begins, with the lowest
priority. What it has not done by the time that the tests ask is played then: nobody waits for a
process that gets no turn. Tests that run side by side leave no time unused: there, schedules are
played when asked for.
"""

import os
import pickle
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from infra.local.process import Process, Recipe
from tests.simulation import runs
from tests.simulation.homes import runs as homes
from tests.simulation.homes.plants import PLANTS as HOMES_PLANTS
from tests.simulation.plants import PLANTS

SCHEDULES: Final = 2000
SEEDS: Final = range(600)
HOMES_SCHEDULES: Final = range(200)
HOMES_SEEDS: Final = range(400)
LEAST_PRIORITY: Final = 19
ENDED_S: Final = 60.0


def _tally() -> runs.Tally:
    return runs.play_all(0, SCHEDULES, report=lambda tally: None)


PLAYS: Final[Mapping[str, Callable[[], Any]]] = {
    "homes found": lambda: homes.find_all(HOMES_PLANTS, HOMES_SEEDS),
    "homes tally": lambda: homes.play_all(HOMES_SCHEDULES),
    "found": lambda: runs.find_all(PLANTS, SEEDS),
    "tally": _tally,
}
"""What came of all schedules, and how soon each planted fault showed; all of it over all cores."""


class Ahead:
    """What came of them. `begin` starts a process that plays them, `close` ends it, done or not."""

    def __init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="agora-schedules-")
        self._folder = Path(self._temporary.name)
        argv = (sys.executable, "-m", "tests.simulation.ahead", str(self._folder))
        recipe = Recipe("schedules", argv, ready=lambda: True, once=True)
        self._process = Process(recipe, self._folder / "log", dies_with_parent=True)
        self._found: dict[str, Any] = {}

    def begin(self) -> None:
        """Play them from now on, beside whatever else there is to do."""
        self._process.start()

    def outcome(self, name: str) -> Any:
        """What came of one of `PLAYS`, played now if need be. Who asks first ends the process."""
        if name not in self._found:
            self._end()
            file = self._folder / name
            known = file.exists()
            self._found[name] = pickle.loads(file.read_bytes()) if known else PLAYS[name]()
        return self._found[name]

    def close(self) -> None:
        """Ends it and removes what it wrote."""
        self._end()
        self._temporary.cleanup()

    def _end(self) -> None:
        if self._process.running:
            # With all that it has started.
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(ENDED_S)


def _play_all(folder: Path) -> None:
    """Leaves an outcome after the other in the folder, each whole or not at all."""
    for name, play in PLAYS.items():
        unfinished = folder / f"{name} so far"
        unfinished.write_bytes(pickle.dumps(play()))
        unfinished.rename(folder / name)


def _step_back() -> None:
    """Takes the lowest priority, also where the kernel shares out between sessions."""
    os.nice(LEAST_PRIORITY)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(LEAST_PRIORITY))


if __name__ == "__main__":
    _step_back()
    _play_all(Path(sys.argv[1]))
