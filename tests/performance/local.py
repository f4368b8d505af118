"""`start` and `idle`: the whole local stack in a folder of its own, as `agora up` runs it.

Its data are durable here, as they are for people.
"""

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from infra.local import procfs
from infra.local.control import ask
from infra.local.home import Home, home_at
from tests.performance.bench import Run
from tests.performance.figures import Figure, WrongAnswers, within
from tests.stack import JARS, ROOT, free_ports

START_S_MAX: Final = 15.0
MEMORY_MIB_MAX: Final = 2048.0
PROCESSOR_PERCENT_MAX: Final = 5.0
SETTLE_S: Final = 10.0
REST_S: Final = 10.0
MIB: Final = 1 << 20


class Local(Struct, frozen=True):
    """A local stack: where it lives, what its commands are told, where its page is."""

    home: Home
    environ: Mapping[str, str]
    page: str

    def agora(self, *arguments: str) -> None:
        """Runs the command line; raises `WrongAnswers` when it fails."""
        done = subprocess.run(
            (sys.executable, "-m", "cli.main", *arguments),
            check=False,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=self.environ,
        )
        if done.returncode != 0:
            raise WrongAnswers(f"agora {' '.join(arguments)} failed: {done.stderr.strip()}")


def start(run: Run) -> list[Figure]:
    """Seconds from `agora up`, of a stack that was made before, to a served page."""
    seconds = []
    with _local() as local:
        run.tell("start: the stack is made")
        local.agora("up")
        for number in range(run.rounds):
            run.tell(f"start: round {number + 1} of {run.rounds}")
            local.agora("down")
            seconds.append(_until_page(local))
    return [within("start, `agora up` again to a page", seconds, "s", START_S_MAX)]


def idle(run: Run) -> list[Figure]:
    """What the stack uses at rest: memory, and percent of one core."""
    memory, processor = [], []
    with _local() as local:
        run.tell("idle: the stack starts")
        local.agora("up")
        time.sleep(SETTLE_S)
        for number in range(run.rounds):
            run.tell(f"idle: round {number + 1} of {run.rounds}")
            before = _usage(local)
            time.sleep(REST_S)
            after = _usage(local)
            memory.append(after.memory_bytes / MIB)
            processor.append(100 * (after.cpu_seconds - before.cpu_seconds) / REST_S)
    return [
        within("idle, memory of all processes", memory, "MiB", MEMORY_MIB_MAX),
        within("idle, processor", processor, "% of a core", PROCESSOR_PERCENT_MAX),
    ]


def _until_page(local: Local) -> float:
    started = time.perf_counter()
    local.agora("up")
    with urllib.request.urlopen(local.page, timeout=START_S_MAX) as answer:
        if answer.status != 200:
            raise WrongAnswers(f"{local.page} answered {answer.status}.")
    return time.perf_counter() - started


def _usage(local: Local) -> procfs.Usage:
    """What the supervisor and all its descendants use."""
    return procfs.usage(ask(local.home.run, "status").pid)


@contextmanager
def _local() -> Iterator[Local]:
    """A local stack that is down at first, and down and deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="agora-bench-") as folder:
        home = home_at(Path(folder) / "home")
        home.jars.parent.mkdir(parents=True)
        home.jars.symlink_to(JARS)
        local = _described(home, Path(folder) / "agora.toml")
        try:
            yield local
        finally:
            local.agora("down")


def _described(home: Home, file: Path) -> Local:
    kafka, controller, postgres, redis, nats, commands, queries, gateway = free_ports(8)
    file.touch()
    given = {name: value for name, value in os.environ.items() if not name.startswith("AGORA_")}
    chosen = {
        "AGORA_CONFIG": str(file),
        "AGORA_LOCAL_HOME": str(home.root),
        "AGORA_LOCAL_KAFKA_CONTROLLER_PORT": str(controller),
        "AGORA_KAFKA_BOOTSTRAP": f"127.0.0.1:{kafka}",
        "AGORA_POSTGRES_DSN": f"postgresql://agora:agora@127.0.0.1:{postgres}/agora",
        "AGORA_REDIS_URL": f"redis://127.0.0.1:{redis}/0",
        "AGORA_NATS_URL": f"nats://127.0.0.1:{nats}",
        "AGORA_COMMANDS_PORT": str(commands),
        "AGORA_QUERIES_PORT": str(queries),
        "AGORA_GATEWAY_PORT": str(gateway),
        "AGORA_GATEWAY_COMMANDS_ENDPOINT": f"127.0.0.1:{commands}",
        "AGORA_GATEWAY_QUERIES_ENDPOINT": f"127.0.0.1:{queries}",
        "AGORA_AUTH_SIGNING_KEY_FILE": str(home.keys / "signing.pem"),
        "AGORA_CRYPTO_MASTER_KEY_FILE": str(home.keys / "master.key"),
        "AGORA_CRYPTO_ID_KEY_FILE": str(home.keys / "id.key"),
        "AGORA_CRYPTO_DIGEST_KEY_FILE": str(home.keys / "digest.key"),
    }
    return Local(home, given | chosen, f"http://127.0.0.1:{gateway}/docs")
