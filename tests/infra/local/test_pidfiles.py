"""Whoever comes after a killed supervisor ends what is left, and never a stranger."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from infra.local import pidfiles, procfs


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(("sleep", "60")) as process:
        yield process
        process.kill()


def test_a_process_left_running_is_found_and_ended(
    tmp_path: Path, sleeper: "subprocess.Popen[bytes]"
) -> None:
    pidfiles.record(tmp_path, "server", sleeper.pid, signal.SIGUSR1)
    assert [entry.name for entry in pidfiles.living(tmp_path)] == ["server"]
    assert pidfiles.stop_orphans(tmp_path) == ["server"]
    assert sleeper.wait(20) == -signal.SIGUSR1
    assert list(tmp_path.iterdir()) == []


def test_a_paused_process_is_ended_too(tmp_path: Path, sleeper: "subprocess.Popen[bytes]") -> None:
    pidfiles.record(tmp_path, "server", sleeper.pid)
    sleeper.send_signal(signal.SIGSTOP)
    assert pidfiles.stop_orphans(tmp_path) == ["server"]
    assert sleeper.wait(20) == -signal.SIGTERM


@pytest.mark.parametrize("change", [{"start_ticks": 1}, {"boot": "an earlier one"}])
def test_a_stranger_with_the_same_pid_is_spared(
    tmp_path: Path, sleeper: "subprocess.Popen[bytes]", change: dict[str, object]
) -> None:
    identity = procfs.identify(sleeper.pid)
    assert identity is not None
    other = msgspec.structs.replace(identity, **change)
    stale = pidfiles.PidFile("server", other, signal.SIGKILL)
    (tmp_path / "server.json").write_bytes(msgspec.json.encode(stale))
    assert pidfiles.stop_orphans(tmp_path) == []
    assert sleeper.poll() is None


@pytest.mark.parametrize("content", [b"", b'{"name": "ser', b"\0\0\0", b"{}"])
def test_a_half_written_file_is_deleted(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "server.json").write_bytes(content)
    assert pidfiles.living(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_the_supervisor_itself_is_not_an_orphan(tmp_path: Path) -> None:
    pidfiles.record(tmp_path, pidfiles.SUPERVISOR, os.getpid())
    assert pidfiles.stop_orphans(tmp_path) == []
    assert [entry.name for entry in pidfiles.living(tmp_path)] == [pidfiles.SUPERVISOR]
