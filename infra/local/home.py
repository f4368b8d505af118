"""The local stack's folder: safe to look at, and safe to delete while the stack is down."""

from pathlib import Path

import msgspec


class Home(msgspec.Struct, frozen=True):
    """The folders under `local.home`. `root` is absolute."""

    root: Path

    @property
    def data(self) -> Path:
        """What the servers store; a folder for each."""
        return self.root / "data"

    @property
    def keys(self) -> Path:
        """Secrets, readable by their owner only."""
        return self.root / "keys"

    @property
    def logs(self) -> Path:
        """One log file for each process, and its older parts."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """What is true only while the stack runs: lock, socket, pid files."""
        return self.root / "run"

    @property
    def jars(self) -> Path:
        """Kafka's jars, which Maven puts there."""
        return self.root / "kafka" / "libs"

    @property
    def lock(self) -> Path:
        """Held by the supervisor for as long as it lives."""
        return self.run / "supervisor.lock"

    @property
    def socket(self) -> Path:
        """Where the supervisor answers."""
        return self.run / "control.sock"

    @property
    def erasable(self) -> tuple[Path, ...]:
        """What `agora reset` deletes. Jars and the settings file stay."""
        return (self.data, self.keys, self.logs, self.run)

    def log_file(self, name: str) -> Path:
        """The log file of one process."""
        return self.logs / f"{name}.log"


def home_at(root: Path) -> Home:
    """The home in `root`, which need not exist yet."""
    return Home(root.resolve())
