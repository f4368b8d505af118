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
        """So many connections, each of which inserts one row at a time."""
        # A second more, because the clock runs while connections are made.
        whole_seconds = math.ceil(seconds) + 1
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
        return _together([_Insert(*map(int, line)) for line in lines])

    def check(self) -> None:
        """Raises `WrongAnswers` unless every insert that pgbench logged is there."""
        with psycopg.connect(self._dsn) as connection:
            row = connection.execute("select count(*) from bench_inserts").fetchone()
        if row != (self._done,):
            raise WrongAnswers(f"pgbench logged {self._done} inserts, the table holds {row}.")


def _together(inserts: Sequence[_Insert]) -> Turn:
    """The turn from when every connection had begun to work."""
    if not inserts:
        raise WrongAnswers("pgbench inserted nothing: its connections took too long.")
    ordered = sorted(inserts, key=lambda insert: insert.end_s)
    first = {insert.client: insert.end_s for insert in reversed(ordered)}
    began = max(first.values())
    counted = [insert for insert in ordered if insert.end_s > began]
    latencies = [insert.latency / MICROSECONDS for insert in counted]
    return turn(latencies, ordered[-1].end_s - began)


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
