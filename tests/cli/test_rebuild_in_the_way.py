"""What stands in the way of rebuilding and verifying: wrong names, others, other logs."""

import os
import signal
from uuid import uuid4

import pytest
from msgspec.structs import replace

from tests.cli import environment
from tests.cli.stage import SECONDS, World, eventually

BEYOND = """update build_checkpoints set "offset" = "offset" + 1000000 where model = 'bookmarks'"""
FOREIGN = "update build_checkpoints set last_id = gen_random_uuid() where model = 'bookmarks'"


def test_names_that_are_not_models(folded: World) -> None:
    assert "Did you mean 'graph'?" in folded.refused("projections", "verify", "grap", status=2)
    assert "Did you mean 'posts'?" in folded.refused(
        "projections", "rebuild", "psots", "--yes", status=2
    )
    assert "--all, or some of accounts" in folded.refused("projections", "rebuild", status=2)
    assert "Give either names or --all" in folded.refused(
        "projections", "verify", "graph", "--all", status=2
    )
    for command in (["rollback", "grap", "--yes"], ["drop-old", "grap", "--yes"]):
        assert "Did you mean 'graph'?" in folded.refused("projections", *command, status=2)


def test_without_anybody_to_ask_nothing_is_rebuilt(folded: World) -> None:
    before = folded.sql("select * from builds")
    assert "no terminal to ask" in folded.refused("projections", "rebuild", "graph", status=2)
    assert folded.sql("select * from builds") == before


def test_the_second_of_two_operators_is_told_of_the_first(folded: World) -> None:
    # So that there is a build to go back to, and to drop.
    folded.agora("projections", "rebuild", "graph", "--yes")
    first = folded.process("projections", "rebuild", "graph", "--yes")
    eventually(lambda: bool(folded.folders(first)) or first.poll() is not None)
    os.kill(first.pid, signal.SIGSTOP)
    try:
        for command in ("rebuild", "rollback", "drop-old"):
            said = folded.refused("projections", command, "graph", "--yes", status=1)
            assert "graph is being rebuilt since" in said
            assert f"(process {first.pid})" in said
        # Verifying needs nobody's leave.
        folded.agora("projections", "verify", "graph")
    finally:
        os.kill(first.pid, signal.SIGCONT)
    first.communicate(timeout=SECONDS)
    assert first.returncode == 0


def test_a_paused_model_is_rebuilt_and_stays_paused(folded: World) -> None:
    folded.agora("projections", "pause", "graph", "--yes")
    try:
        folded.agora("projections", "rebuild", "graph", "--yes")
        folded.agora("projections", "verify", "graph")
        lanes = folded.agora("projections", "status", status=1)
    finally:
        folded.agora("projections", "resume", "graph")
    assert {one["state"] for one in lanes if one["subscriber"] == "graph"} == {"paused"}


@pytest.mark.parametrize(
    ("planted", "said"),
    [(BEYOND, "but the log ends at"), (FOREIGN, "this is another log")],
    ids=["beyond the end", "another log"],
)
def test_a_checkpoint_that_is_not_of_this_log_is_named_and_rebuilt(
    folded: World, planted: str, said: str
) -> None:
    folded.sql(planted)
    [verdict] = folded.agora("projections", "verify", "bookmarks", status=1)
    assert said in verdict["failure"]
    [planned] = folded.agora("projections", "rebuild", "bookmarks", "--dry-run")
    assert said in planned["apart"]
    folded.agora("projections", "rebuild", "bookmarks", "--yes")
    folded.agora("projections", "verify", "bookmarks")


def test_another_cluster_is_told_before_anything_is_done(
    folded: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tables are of one log, and the settings name another, empty at first."""
    kafka = replace(folded.settings.kafka, prefix=f"elsewhere-{uuid4().hex[:8]}.")
    elsewhere = World(replace(folded.settings, kafka=kafka), capsys)
    environment.use(elsewhere.settings, monkeypatch)
    for command in (["rebuild", "--all", "--yes"], ["verify", "graph"], ["rollback", "graph"]):
        said = elsewhere.refused("projections", *command, status=2)
        assert "There is no topic people" in said
        assert kafka.bootstrap in said
    elsewhere.agora("generate", "--events", "300", "--seed", "4")
    verdicts = elsewhere.agora("projections", "verify", "graph", "posts", status=1)
    planned = elsewhere.agora("projections", "rebuild", "graph", "posts", "--dry-run")
    for found in ([one["failure"] for one in verdicts], [one["apart"] for one in planned]):
        assert all("another log" in one or "but the log ends at" in one for one in found)
    said = elsewhere.refused("projections", "rebuild", "graph", status=2)
    assert "The live build of graph is of another log" in said
    environment.use(folded.settings, monkeypatch)
