"""One child process: it starts, is watched, paused and ended, and never outlives a killed test."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.config import Settings, load
from infra.local import procfs
from infra.local.keys import ensure_keys
from infra.local.process import Process, Recipe, StartError

SLEEP = ("sleep", "60")


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Process]:
    process = Process(Recipe("child", SLEEP, ready=lambda: True), tmp_path / "child.log")
    yield process
    process.kill()


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def command(pid: int) -> tuple[str, ...]:
    return tuple(Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1])


def test_a_restarted_process_is_another_one(child: Process) -> None:
    child.start()
    first = child.pid
    child.restart()
    assert child.running
    assert child.pid != first
    assert procfs.identify(first) is None


def test_a_paused_process_stands_still_and_can_be_stopped(child: Process) -> None:
    child.start()
    child.pause()
    assert within(20, lambda: state(child.pid) == "T")
    assert child.running
    child.stop()
    assert child.exit_status == -signal.SIGTERM


def test_stopping_and_killing_what_does_not_run_does_nothing(child: Process) -> None:
    child.stop()
    child.kill()
    assert (child.running, child.pid, child.exit_status) == (False, 0, None)


def test_one_that_is_silent_is_not_ready(tmp_path: Path) -> None:
    process = Process(Recipe("mute", SLEEP, ready=lambda: False), tmp_path / "mute.log")
    process.start()
    try:
        with pytest.raises(StartError, match="mute is not ready after 0 s"):
            process.wait_ready(0.05)
    finally:
        process.kill()


def test_its_last_words_leave_out_the_frames_of_a_java_trace(tmp_path: Path) -> None:
    words = r"printf 'IOException: no room\n\tat a.B.c(B.java:1)\n\t... 3 more\n'; exit 1"
    process = Process(Recipe("java", ("bash", "-c", words), lambda: True), tmp_path / "java.log")
    process.start()
    assert process.wait(20)
    assert process.failure().splitlines()[1:] == ["  | IOException: no room"]


def test_a_process_of_a_test_dies_with_it_even_when_that_is_killed(tmp_path: Path) -> None:
    program = f"""
import time
from pathlib import Path
from infra.local.process import Process, Recipe
child = Process(
    Recipe("child", {SLEEP}, lambda: True), Path("{tmp_path}/child.log"), dies_with_parent=True
)
child.start()
print(child.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen((sys.executable, "-c", program), stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        # Only what setpriv has become is bound to its parent; until then it is on its own.
        assert within(20, lambda: command(pid) == SLEEP)
        parent.kill()
    assert within(20, lambda: procfs.identify(pid) is None)


def test_a_port_is_free_until_somebody_listens() -> None:
    with subprocess.Popen(
        (sys.executable, "-c", LISTENER), stdout=subprocess.PIPE, stdin=subprocess.PIPE
    ) as listener:
        assert listener.stdout is not None
        port = int(listener.stdout.readline())
        assert not procfs.port_is_free(port)
        assert procfs.port_owner(port).endswith(f"(pid {listener.pid})")
        listener.kill()
    assert procfs.port_is_free(port)
    assert procfs.port_owner(port) == "another process"


LISTENER = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


def test_a_process_uses_memory_and_one_that_ended_does_not() -> None:
    assert procfs.usage(os.getpid()).memory_bytes > 1 << 20
    assert procfs.usage(0) == procfs.Usage(0, 0.0)


def test_keys_are_made_once_and_readable_by_their_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings: Settings = load({})
    ensure_keys(settings)
    files = sorted((tmp_path / ".agora" / "keys").iterdir())
    before = [file.read_bytes() for file in files]
    ensure_keys(settings)
    assert [file.read_bytes() for file in files] == before
    assert [file.name for file in files] == ["digest.key", "id.key", "master.key", "signing.pem"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert {len(content) for content in before[:3]} == {32}
