"""Plain inserts of 256 bytes by pgbench, which comes with PostgreSQL: one a transaction."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

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


class Inserts:
    """A table that pgbench fills."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._done = 0
        with psycopg.connect(dsn) as connection:
            connection.execute(_TABLE)

    def turn(self, callers: int, seconds: float) -> Turn:
        """So many connections, each of which inserts one row at a time."""
        whole_seconds = max(1, round(seconds))
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
        latencies = [int(line[2]) / MICROSECONDS for line in lines]
        self._done += len(latencies)
        ends = [int(line[4]) + int(line[5]) / MICROSECONDS for line in lines]
        return turn(latencies, max(ends) - min(ends))

    def check(self) -> None:
        """Raises `WrongAnswers` unless every insert that pgbench logged is there."""
        with psycopg.connect(self._dsn) as connection:
            row = connection.execute("select count(*) from bench_inserts").fetchone()
        if row != (self._done,):
            raise WrongAnswers(f"pgbench logged {self._done} inserts, the table holds {row}.")


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
