"""Plain inserts of 256 bytes by pgbench, which comes with PostgreSQL: one a transaction."""

import math
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import psycopg

from tests.performance.figures import Turn, WrongAnswers, turn

CALLERS_MAX: Final = 64
"""More connections than that a server for tests does not take."""
CONNECTING_S: Final = (1, 4, 16)
"""What connecting may take: a second, on a busy machine more."""
MICROSECONDS: Final = 1_000_000

_TABLE: Final = """
    create table if not exists bench_inserts (
        id bigserial primary key, stream int not null, data text not null)"""
_SCRIPT: Final = """\\set stream random(1, 10000)
insert into bench_inserts (stream, data) values (:stream, repeat('.', 256));
"""


class _Insert(NamedTuple):
    """A line of pgbench's log: the time of its end is `epoch` and `microseconds` after it."""

    client: int
    number: int
    latency: int
    script: int
    epoch: int
    microseconds: int

    @property
    def end_s(self) -> float:
        return self.epoch + self.microseconds / MICROSECONDS


class Inserts:
    """A table that pgbench fills."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._done = 0
        with psycopg.connect(dsn) as connection:
            connection.execute(_TABLE)

    def turn(self, callers: int, seconds: float) -> Turn:
        """So many connections, each of which inserts one row at a time.

        Raises `TimeoutError` when connecting takes longer than anybody would wait.
        """
        for allowance_s in CONNECTING_S:
            # The clock of pgbench runs while it connects.
            inserts = self._inserted(callers, math.ceil(seconds) + allowance_s)
            began = _all_began(inserts, callers)
            counted = [insert for insert in inserts if insert.end_s > began]
            if counted and max(insert.end_s for insert in counted) - began >= seconds / 2:
                return _turn(counted, began)
        raise TimeoutError(f"pgbench could not make {callers} connections.")

    def _inserted(self, callers: int, whole_seconds: int) -> list[_Insert]:
        """What pgbench inserted in this time, as its log tells."""
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "insert.sql"
            script.write_text(_SCRIPT)
            _run(
                *(_program(), "--no-vacuum", "--protocol=prepared", f"--client={callers}"),
                *(f"--jobs={min(2, callers)}", f"--time={whole_seconds}", f"--file={script}"),
                *("--log", f"--log-prefix={folder}/each", self._dsn),
            )
            logs = sorted(Path(folder).glob("each.*"))
            lines = [line.split() for log in logs for line in log.read_text().splitlines()]
        self._done += len(lines)
        return [_Insert(*map(int, line)) for line in lines]

    def check(self) -> None:
        """Raises `WrongAnswers` unless every insert that pgbench logged is there."""
        with psycopg.connect(self._dsn) as connection:
            row = connection.execute("select count(*) from bench_inserts").fetchone()
        if row != (self._done,):
            raise WrongAnswers(f"pgbench logged {self._done} inserts, the table holds {row}.")


def _all_began(inserts: Sequence[_Insert], callers: int) -> float:
    """When the last connection ended its first insert; never if one of them had none."""
    first: dict[int, float] = {}
    for insert in inserts:
        first[insert.client] = min(insert.end_s, first.get(insert.client, math.inf))
    return max(first.values()) if len(first) == callers else math.inf


def _turn(inserts: Sequence[_Insert], began: float) -> Turn:
    latencies = [insert.latency / MICROSECONDS for insert in inserts]
    return turn(latencies, max(insert.end_s for insert in inserts) - began)


def _program() -> str:
    """The newest pgbench of this machine; raises FileNotFoundError."""
    packaged = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/pgbench"),
        key=lambda path: int(re.sub(r"\D", "", path.parts[-3]) or 0),
    )
    found = str(packaged[-1]) if packaged else shutil.which("pgbench")
    if found is None:
        raise FileNotFoundError("pgbench is not here: apt-get install postgresql")
    return found


def _run(*argv: str) -> None:
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise WrongAnswers(f"pgbench failed: {done.stderr.strip()}")
