"""What breaks off a rebuild half-way: each is named, and the same command goes on from there."""

import asyncio
import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from cli import projection_names
from projections.models.graph import MODEL as GRAPH
from tests.cli.stage import SECONDS, World, eventually
from tests.stack import Stack

FILE_BYTES = 16_384
"""Less than one partition takes of the folder for temporary files."""


@contextmanager
def held_up(world: World, model: str, members: int = 1) -> Iterator[subprocess.Popen[str]]:
    """A rebuild of which `members` have copied a partition, and cannot commit until the end.

    So many wait at least: there are two, each with a partition of its own.
    """
    dsn, schema = world.settings.postgres.dsn, world.settings.postgres.schema
    with psycopg.connect(dsn) as holder:
        holder.execute(f"lock table {schema}.build_checkpoints in share mode".encode())
        rebuilding = world.process("projections", "rebuild", model, "--yes")
        waiting = (
            "select count(*) from pg_locks where not granted "
            f"and relation = '{schema}.build_checkpoints'::regclass"
        )
        try:
            eventually(lambda: world.sql(waiting)[0][0] >= members)
            yield rebuilding
        except BaseException:
            rebuilding.kill()
            rebuilding.communicate()
            raise


def ended(rebuilding: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code, and what it said, which is for people."""
    _, said = rebuilding.communicate(timeout=SECONDS)
    assert "Traceback" not in said
    return rebuilding.returncode, said


def slices_done(world: World, model: str) -> int:
    [planned] = world.agora("projections", "rebuild", model, "--dry-run")
    return int(planned["slices_done"])


def assert_gone_on_with(world: World, model: str) -> None:
    world.agora("projections", "rebuild", model, "--yes")
    world.agora("projections", "verify", model)


@pytest.mark.faults
def test_connections_to_postgresql_are_cut(folded: World) -> None:
    with held_up(folded, "posts") as rebuilding:
        folded.sql(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where application_name like '%rebuild%'"
        )
        code, said = ended(rebuilding)
    assert (code, "PostgreSQL cannot be reached" in said) == (2, True), said
    assert slices_done(folded, "posts") == 0
    assert_gone_on_with(folded, "posts")


@pytest.mark.faults
def test_the_log_goes_away_between_two_partitions(folded: World, stack: Stack) -> None:
    try:
        with held_up(folded, "graph", members=2) as rebuilding:
            stack.kafka.kill()
        code, said = ended(rebuilding)
    finally:
        asyncio.run(stack.bring_back_kafka())
    assert (code, "log cannot be reached" in said) == (2, True), said
    assert slices_done(folded, "graph") == 2
    assert_gone_on_with(folded, "graph")


@pytest.mark.faults
def test_a_process_of_the_crew_is_killed(folded: World) -> None:
    with held_up(folded, "graph", members=2) as rebuilding:
        os.kill(folded.folders(rebuilding)[0], signal.SIGKILL)
        code, said = ended(rebuilding)
    assert (code, "of the crew ended by itself (-9)" in said) == (1, True), said
    assert slices_done(folded, "graph") == 0
    assert_gone_on_with(folded, "graph")


@pytest.mark.faults
def test_ctrl_c_while_rows_are_copied(folded: World) -> None:
    with held_up(folded, "graph") as rebuilding:
        os.killpg(rebuilding.pid, signal.SIGINT)
        code, said = ended(rebuilding)
    assert (code, "run the same command to resume" in said) == (130, True), said
    assert_gone_on_with(folded, "graph")


def test_the_folder_for_temporary_files_is_full(world: World) -> None:
    """One file may not grow beyond a limit, which is how a quota and a full disk show, too."""
    rebuilding = world.process("projections", "rebuild", "posts", "--yes")
    resource.prlimit(rebuilding.pid, resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    code, said = ended(rebuilding)
    assert (code, "no space left for temporary files; set TMPDIR" in said) == (2, True), said
    assert "free disk space" in said
    assert_gone_on_with(world, "posts")


def raises(event: object, moment: object) -> Any:
    """As `changes` of a version with a bug."""
    raise ZeroDivisionError


def test_a_new_version_that_raises_is_named_and_the_live_build_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.agora("projections", "rebuild", "graph", "--yes")
    follows = world.sql("select count(*) from follows")
    newer = replace(GRAPH, version=GRAPH.version + 1)
    monkeypatch.setattr(projection_names, "MODELS", (replace(newer, changes=raises),))
    [failed] = world.agora("projections", "rebuild", "graph", "--yes", status=1)
    assert "at offset" in failed["failure"]
    assert "ZeroDivisionError" in failed["failure"]
    said = world.refused("projections", "rebuild", "graph", "--yes", status=1)
    assert "Not rebuilt: graph." in said
    world.agora("projections", "verify", "graph")
    [graph] = [one for one in world.agora("projections", "list") if one["name"] == "graph"]
    states = [(one["number"], one["state"]) for one in graph["builds"]]
    assert states == [(1, "live"), (3, "failed")]
    assert graph["builds"][-1]["reason"] == failed["failure"]
    # Mended, it takes the place of the old version, and what failed makes room.
    monkeypatch.setattr(projection_names, "MODELS", (newer,))
    [planned] = world.agora("projections", "rebuild", "graph", "--dry-run")
    assert planned["drops"] == [3]
    [outcome] = world.agora("projections", "rebuild", "graph", "--yes")
    assert (outcome["failure"], outcome["build"]) == ("", 4)
    assert world.sql("select count(*) from follows") == follows
    [verdict] = world.agora("projections", "verify", "graph", status=1)
    assert (
        f"is of version {newer.version}, and this is version {GRAPH.version}" in verdict["failure"]
    )
