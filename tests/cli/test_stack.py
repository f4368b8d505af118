"""The local stack as its user meets it: up, down, up again, and what goes wrong between."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra.config import load
from infra.local import procfs
from tests.stack import JARS, free_ports

pytestmark = pytest.mark.flows


class Project:
    """A folder of its own, in which `agora` is run as a person would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / ".agora" / "agora.toml"
        jars = folder / ".agora" / "kafka" / "libs"
        jars.parent.mkdir(parents=True)
        jars.symlink_to(JARS)
        kafka, controller, postgres, redis, nats, commands, queries, gateway = free_ports(8)
        self.file.write_text(f"""
[kafka]
bootstrap = "127.0.0.1:{kafka}"
[local]
kafka_controller_port = {controller}
[postgres]
dsn = "postgresql://agora@127.0.0.1:{postgres}/agora"
[redis]
url = "redis://127.0.0.1:{redis}/0"
[nats]
url = "nats://127.0.0.1:{nats}"
[commands]
port = {commands}
[queries]
port = {queries}
[gateway]
port = {gateway}
""")

    def agora(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            (sys.executable, "-m", "cli.main", *arguments),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def processes(self) -> dict[str, dict[str, Any]]:
        listed = json.loads(self.agora("status", "--json").stdout)["data"]
        return {process["name"]: process for process in listed}

    @property
    def dsn(self) -> str:
        return load({}, self.file).postgres.dsn

    def nothing_runs(self) -> bool:
        environments = []
        for entry in Path("/proc").iterdir():
            try:
                environments.append((entry / "cmdline").read_bytes())
            except OSError:
                continue
        return not any(str(self.folder).encode() in text for text in environments)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path)
    try:
        yield made
    finally:
        made.agora("down")


def test_up_down_and_up_again_keep_the_data(project: Project) -> None:
    up = project.agora("up", "--servers-only")
    assert (up.returncode, "The servers run" in up.stdout) == (0, True), up.stderr
    assert load({}, project.file).limits.lifted_on_loopback
    with psycopg.connect(project.dsn) as connection:
        connection.execute("create table kept (line text)")
    assert "is already running" in project.agora("up", "--servers-only").stderr

    down = project.agora("down")
    assert (down.returncode, down.stdout) == (0, "The stack has stopped; its data stays.\n")
    assert project.nothing_runs()
    assert project.agora("status").returncode == 1

    assert project.agora("up", "--servers-only").returncode == 0
    with psycopg.connect(project.dsn) as connection:
        assert connection.execute("select count(*) from kept").fetchall() == [(0,)]


def test_a_killed_supervisor_leaves_servers_that_the_next_up_takes_care_of(
    project: Project,
) -> None:
    project.agora("up", "--servers-only")
    before = project.processes()
    os.kill(before["supervisor"]["pid"], signal.SIGKILL)
    assert procfs.identify(before["redis"]["pid"]) is not None

    up = project.agora("up", "--servers-only")
    assert "redis was left over" in up.stderr
    after = project.processes()
    assert {name: process["state"] for name, process in after.items()} == dict.fromkeys(
        ("kafka", "postgres", "redis", "nats", "supervisor"), "ready"
    )
    assert procfs.identify(before["redis"]["pid"]) is None


def test_down_also_ends_what_a_killed_supervisor_left(project: Project) -> None:
    project.agora("up", "--servers-only")
    os.kill(project.processes()["supervisor"]["pid"], signal.SIGKILL)
    assert project.agora("down").returncode == 0
    assert project.nothing_runs()


def test_a_taken_port_is_named_avoided_and_the_choice_is_kept(project: Project) -> None:
    redis = int(load({}, project.file).redis.url.rpartition(":")[2].partition("/")[0])
    with socket.socket() as rival:
        rival.bind(("127.0.0.1", redis))
        rival.listen()
        up = project.agora("up", "--servers-only")
        assert f"port {redis} is taken by" in up.stderr
        assert f"(pid {os.getpid()})" in up.stderr
        moved = project.processes()["redis"]["port"]
        assert moved > redis
        project.agora("down")
    project.agora("up", "--servers-only")
    assert project.processes()["redis"]["port"] == moved


def test_reset_asks_and_deletes_all_but_jars_and_settings(project: Project) -> None:
    project.agora("up", "--servers-only")
    asked = project.agora("reset")
    assert (asked.returncode, "add --yes" in asked.stderr) == (2, True)
    assert project.processes()["kafka"]["state"] == "ready"

    assert project.agora("reset", "--yes").returncode == 0
    left = {entry.name for entry in (project.folder / ".agora").iterdir()}
    assert left == {"agora.toml", "kafka"}
    assert project.nothing_runs()


def test_a_server_that_cannot_start_is_named_with_its_last_words(project: Project) -> None:
    data = project.folder / ".agora" / "data" / "postgres"
    data.mkdir(parents=True)
    (data / "agora-finished").touch()
    up = project.agora("up", "--servers-only")
    assert up.returncode == 1
    assert "postgres ended with status" in up.stderr
    assert "Run initdb" in up.stderr
    assert project.agora("status").returncode == 1
