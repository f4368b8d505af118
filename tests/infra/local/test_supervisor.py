"""The supervisor keeps processes running, in stages, and ends them in reverse."""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from infra.local.control import NoAnswer, Status, ask
from infra.local.home import Home, home_at
from infra.local.keeper import Report
from infra.local.process import Recipe, StartError
from infra.local.supervisor import Supervisor

WITHIN_S = 60.0


def sleeper(name: str, notes: Path) -> Recipe:
    """A process that notes its start and its end, and otherwise sleeps."""
    script = f"""
        trap 'echo end-{name} >> {notes}; exit 0' TERM
        echo start-{name} >> {notes}
        touch {notes}-{name}-ready
        while :; do sleep 0.02; done"""
    ready = Path(f"{notes}-{name}-ready")
    return Recipe(name=name, argv=("bash", "-c", script), ready=ready.exists)


def script(name: str, text: str, *, once: bool = False) -> Recipe:
    return Recipe(name=name, argv=("bash", "-c", text), ready=lambda: True, once=once)


@asynccontextmanager
async def supervised(home: Home, stages: Sequence[Sequence[Recipe]]) -> AsyncIterator[None]:
    running = asyncio.create_task(Supervisor(home, stages, 1 << 20).run())
    try:
        yield
        await asyncio.to_thread(ask, home.run, "stop")
    finally:
        await asyncio.wait_for(running, WITHIN_S)


async def asked(home: Home) -> Status | None:
    try:
        return await asyncio.to_thread(ask, home.run, "status")
    except (NoAnswer, FileNotFoundError):
        return None


async def until(home: Home, name: str, *states: str, restarts: int = 0) -> Report:
    """The report of a process once it is in such a state with that many restarts at least."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            status = await asked(home)
            for report in status.processes if status else ():
                if report.name == name and report.state in states and report.restarts >= restarts:
                    return report
            await asyncio.sleep(0.02)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_at(tmp_path)


async def test_stages_start_in_order_and_stop_in_reverse(home: Home, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    async with supervised(home, [[sleeper("server", notes)], [sleeper("client", notes)]]):
        await until(home, "client", "ready")
    assert notes.read_text().split() == ["start-server", "start-client", "end-client", "end-server"]


async def test_a_killed_process_comes_back(home: Home, tmp_path: Path) -> None:
    async with supervised(home, [[sleeper("server", tmp_path / "notes")]]):
        first = await until(home, "server", "ready")
        os.kill(first.pid, signal.SIGKILL)
        second = await until(home, "server", "ready", restarts=1)
    assert second.pid != first.pid


async def test_one_that_keeps_ending_is_called_failing_with_its_last_words(home: Home) -> None:
    async with supervised(home, [[script("server", "echo my last words; exit 3")]]):
        report = await until(home, "server", "failing")
    assert "server ended with status 3" in report.problem
    assert "my last words" in report.problem


async def test_what_cannot_be_prepared_is_told_and_tried_again(home: Home, tmp_path: Path) -> None:
    room = threading.Event()

    def prepare() -> None:
        if not room.is_set():
            raise StartError("no room on the disk")

    recipe = sleeper("server", tmp_path / "notes")
    prepared = Recipe(name=recipe.name, argv=recipe.argv, ready=recipe.ready, prepare=prepare)
    async with supervised(home, [[prepared]]):
        told = await until(home, "server", "restarting", "failing")
        assert told.problem == "no room on the disk"
        room.set()
        assert (await until(home, "server", "ready")).problem == ""


async def test_a_program_that_is_not_there_is_told(home: Home) -> None:
    missing = Recipe(name="server", argv=("/no/such/program",), ready=lambda: True)
    async with supervised(home, [[missing]]):
        assert "No such file" in (await until(home, "server", "failing")).problem


async def test_what_runs_once_lets_the_next_stage_start_when_it_ended_well(
    home: Home, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    count = tmp_path / "count"
    flaky = script("topics", f"echo x >> {count}; [ $(wc -l < {count}) -ge 3 ]", once=True)
    async with supervised(home, [[flaky], [sleeper("client", notes)]]):
        await until(home, "client", "ready")
        assert (await until(home, "topics", "done")).restarts == 2


async def test_a_process_that_ignores_the_request_to_end_is_killed(home: Home) -> None:
    stubborn = Recipe(
        name="server",
        argv=("bash", "-c", "trap '' TERM; while :; do sleep 0.02; done"),
        ready=lambda: True,
        stop_seconds=0.3,
    )
    async with supervised(home, [[stubborn]]):
        pid = (await until(home, "server", "ready")).pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_one_that_cannot_be_asked_is_ready_once_it_has_lived_a_while(home: Home) -> None:
    quick = Recipe("quick", ("sleep", "0.1"), ready=lambda: True, settle_seconds=0.3)
    steady = Recipe("steady", ("sleep", "60"), ready=lambda: True, settle_seconds=0.3)
    async with supervised(home, [[quick, steady]]):
        await until(home, "steady", "ready")
        assert (await until(home, "quick", "failing")).restarts >= 4


async def test_it_can_be_stopped_while_things_are_starting(home: Home) -> None:
    never = Recipe(name="server", argv=("sleep", "60"), ready=lambda: False)
    async with supervised(home, [[never], [script("client", "sleep 60")]]):
        assert (await until(home, "server", "starting")).restarts == 0
        assert (await until(home, "client", "waiting")).pid == 0
    assert await asked(home) is None


async def test_it_leaves_nothing_in_its_run_folder(home: Home, tmp_path: Path) -> None:
    async with supervised(home, [[sleeper("server", tmp_path / "notes")]]):
        await until(home, "server", "ready")
        found = {entry.name for entry in home.run.iterdir()}
        assert found == {"control.sock", "server.json", "supervisor.json"}
    assert list(home.run.iterdir()) == []


async def test_the_path_of_its_home_may_be_long(tmp_path: Path) -> None:
    home = home_at(tmp_path / ("deep" * 30))
    async with supervised(home, [[script("server", "sleep 60")]]):
        await until(home, "server", "ready")
