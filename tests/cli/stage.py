"""The command line on a log of its own, with a look into the database."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cli.main import run
from infra.config import Settings
from infra.config_sources import variables_of

COMMAND = "from cli.main import main; main()"
ROOT = Path(__file__).resolve().parents[2]
GENERATED = 2500
"""Events of the log that most tests of rebuilding begin with."""
SECONDS = 120


class World:
    """A generated log, the command line on it, and a look into the database."""

    def __init__(self, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
        self.settings = settings
        self._capsys = capsys

    def agora(self, *arguments: str, status: int = 0) -> Any:
        """Run a command in this process; the data that it answers."""
        found = run([*arguments, "--json"])
        shown = self._capsys.readouterr()
        assert found == status, shown
        return json.loads(shown.out)["data"]

    def refused(self, *arguments: str, status: int) -> str:
        """Run a command that fails; what it says."""
        assert run(arguments) == status
        return self._capsys.readouterr().err

    def process(self, *arguments: str) -> subprocess.Popen[str]:
        """A command in a process of its own, and of a group of its own, as a terminal makes it."""
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, *arguments],
            cwd=ROOT,
            env=os.environ | variables_of(self.settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def folders(self, rebuilding: subprocess.Popen[str]) -> list[int]:
        """The processes of its crew, once they fold the log."""
        return [
            int(pid)
            for pid in children_of(rebuilding.pid)
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of one statement."""
        with psycopg.connect(self.settings.postgres.dsn, autocommit=True) as connection:
            connection.execute(f"set search_path to {self.settings.postgres.schema}".encode())
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def rows(self) -> dict[str, int]:
        """How many rows the views show, by view."""
        views = ("accounts", "follows", "blocks", "posts", "reactions", "bookmarks")
        return {view: self.sql(f"select count(*) from {view}")[0][0] for view in views}


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in found.stdout.split()]
