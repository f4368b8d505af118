"""`agora projections pause` and `resume`: what operators are asked, told and shown."""

import asyncio
import json
from typing import Any

import pytest

from cli.main import run
from infra.config import Settings
from infra.postgres.pool import Pool
from infra.worker import checkpoints, pauses
from infra.worker.progress import Checkpoint
from tests.cli import environment
from tests.cli.test_projections import PARTITION, a_log_of, in_database, nothing_more, one_attached
from tests.stack import Stack

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def settings(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Settings:
    found = stack.settings()
    environment.use(found, monkeypatch)
    return found


def agora(capsys: Captured, *arguments: str) -> tuple[int, Any]:
    """The exit code and the data of `agora projections` with these arguments."""
    code = run(["projections", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)["data"]


def test_a_pause_is_shown_with_who_when_and_why_until_it_ends(
    settings: Settings, capsys: Captured
) -> None:
    a_log_of(settings, ages_s=[1])
    in_database(settings, one_attached)
    code, changed = agora(capsys, "pause", "graph", "--reason", "moving house", "--yes")
    assert (code, changed["changed"]) == (0, ["graph"])
    assert run(["projections", "status"]) == 1
    shown = capsys.readouterr()
    assert "graph  paused" in shown.out
    assert "graph is paused by" in shown.err
    assert shown.err.count("moving house") == 1
    assert "agora projections resume" in shown.err
    code, changed = agora(capsys, "resume", "graph")
    assert (code, changed["changed"]) == (0, ["graph"])
    assert run(["projections", "status"]) == 0


def test_pausing_and_resuming_twice_changes_nothing(settings: Settings, capsys: Captured) -> None:
    in_database(settings, nothing_more)
    for command, first in (("pause", ["graph"]), ("resume", ["graph"])):
        more = ["--yes"] if command == "pause" else []
        assert agora(capsys, command, "graph", *more)[1]["changed"] == first
        code, changed = agora(capsys, command, "graph", *more)
        assert (code, changed["changed"], changed["unchanged"]) == (0, [], ["graph"])


def test_all_of_them_can_be_paused_reactions_included(settings: Settings, capsys: Captured) -> None:
    in_database(settings, nothing_more)
    _, changed = agora(capsys, "pause", "--all", "--yes")
    assert {"graph", "accounts", "posts", "reaction:mirror-blocks"} <= set(changed["changed"])
    assert agora(capsys, "resume", "--all")[1]["changed"] == changed["changed"]


def test_what_readers_may_see_is_said_before_a_model_that_decides_it_is_paused(
    settings: Settings, capsys: Captured
) -> None:
    in_database(settings, nothing_more)
    assert run(["projections", "pause", "graph"]) == 2
    assert "--yes" in capsys.readouterr().err
    assert agora(capsys, "resume", "graph")[1]["changed"] == []


@pytest.mark.parametrize("command", ["pause", "resume"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["grph"], "Did you mean 'graph'?"),
        ([], "--all"),
        (["graph", "--all"], "not both"),
    ],
)
def test_wrong_names_are_refused(
    capsys: Captured, command: str, arguments: list[str], said: str
) -> None:
    assert run(["projections", command, *arguments]) == 2
    assert said in capsys.readouterr().err


def test_it_says_when_a_batch_is_still_under_way(
    settings: Settings, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "SETTLE_MS", 100)
    in_database(settings, one_attached)

    async def while_a_batch_commits(pool: Pool) -> None:
        async with pool.connection() as connection, connection.transaction():
            before = await checkpoints.load(connection, "graph", PARTITION)
            await checkpoints.move(connection, "graph", PARTITION, before, Checkpoint(offset=1))
            code = await asyncio.to_thread(run, ["projections", "pause", "graph", "--yes"])
            assert code == 1

    in_database(settings, while_a_batch_commits)
    assert "still under way: graph" in capsys.readouterr().err
    assert agora(capsys, "pause", "graph", "--yes")[0] == 0
