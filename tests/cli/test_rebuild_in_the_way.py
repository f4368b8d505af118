"""What stands in the way of rebuilding and verifying: others, other logs, lost connections."""

import os
import signal

import pytest

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


def test_without_anybody_to_ask_nothing_is_rebuilt(folded: World) -> None:
    before = folded.sql("select * from builds")
    assert "no terminal to ask" in folded.refused("projections", "rebuild", "graph", status=2)
    assert folded.sql("select * from builds") == before


def test_the_second_of_two_operators_is_told_of_the_first(folded: World) -> None:
    first = folded.process("projections", "rebuild", "graph", "--yes")
    eventually(lambda: bool(folded.folders(first)) or first.poll() is not None)
    os.kill(first.pid, signal.SIGSTOP)
    try:
        said = folded.refused("projections", "rebuild", "graph", "--yes", status=1)
        assert "graph is being rebuilt since" in said
        assert f"(process {first.pid})" in said
        # Verifying needs nobody's leave.
        folded.agora("projections", "verify", "graph")
    finally:
        os.kill(first.pid, signal.SIGCONT)
    first.communicate(timeout=SECONDS)
    assert first.returncode == 0


@pytest.mark.faults
def test_a_rebuild_whose_connections_are_cut_says_so_and_is_gone_on_with(folded: World) -> None:
    rebuilding = folded.process("projections", "rebuild", "posts", "--yes")
    eventually(lambda: bool(folded.folders(rebuilding)) or rebuilding.poll() is not None)
    folded.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where application_name like '%rebuild%' and pid <> pg_backend_pid()"
    )
    _, said = rebuilding.communicate(timeout=SECONDS)
    # Whether it had got past the last of them is up to the machine.
    assert rebuilding.returncode in (0, 2), said
    assert "Traceback" not in said
    assert rebuilding.returncode == 0 or "PostgreSQL" in said
    folded.agora("projections", "rebuild", "posts", "--yes")
    folded.agora("projections", "verify", "posts")


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
    folded.agora("projections", "rebuild", "bookmarks", "--yes")
    folded.agora("projections", "verify", "bookmarks")
