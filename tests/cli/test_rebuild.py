"""`agora projections rebuild`, `verify`, `rollback` and `drop-old` on real servers."""

import asyncio
import json
import os
import random
import signal
import time

import pytest

from events.topics import Partition
from infra.local import procfs
from infra.log.kafka import open_log
from tests.cli.stage import SECONDS, World, children_of, eventually
from tests.stack import Stack


@pytest.fixture
def built(world: World) -> World:
    """All models are live, and as the log has it."""
    world.agora("projections", "rebuild", "--all", "--yes")
    return world


def test_rebuilding_and_verifying_everything(world: World) -> None:
    planned = world.agora("projections", "rebuild", "--all", "--dry-run")
    assert [(one["live_build"], one["drops"], one["apart"]) for one in planned] == [
        (0, [], "") for _ in planned
    ]
    tables = (
        f"select tablename from pg_tables where schemaname = '{world.settings.postgres.schema}'"
    )
    assert not {"builds", "build_checkpoints", "fills"} & {name for (name,) in world.sql(tables)}
    outcomes = world.agora("projections", "rebuild", "--all", "--yes")
    assert all(one["failure"] == "" and one["verdict"]["clean"] for one in outcomes)
    assert {step for one in outcomes for step in one["seconds"]} >= {"folding", "verifying"}
    verdicts = world.agora("projections", "verify", "--all")
    assert all(one["clean"] for one in verdicts)
    assert sum(world.rows().values()) == sum(one["rows"] for one in verdicts)


def test_what_was_changed_lost_doubled_and_added_by_hand_is_named(built: World) -> None:
    built.sql("update posts_b1 set body = 'secret' where ctid = (select min(ctid) from posts_b1)")
    built.sql("delete from follows_b1 where ctid = (select min(ctid) from follows_b1)")
    built.sql("insert into bookmarks_b1 values (gen_random_uuid(), gen_random_uuid(), now())")
    built.sql("alter table accounts_b1 drop constraint accounts_b1_pkey")
    built.sql("insert into accounts_b1 select * from accounts_b1 limit 1")
    assert "These do not match: accounts, graph, posts, bookmarks." in built.refused(
        "projections", "verify", "--all", status=1
    )
    verdicts = built.agora("projections", "verify", "--all", status=1)
    found = {
        (one["table"], one["kind"], tuple(one.get("columns", ())))
        for verdict in verdicts
        for one in verdict["differences"]
    }
    assert found == {
        ("posts", "changed", ("body",)),
        ("follows", "lost", ()),
        ("bookmarks", "extra", ()),
        ("accounts", "doubled", ()),
    }
    assert "secret" not in json.dumps(verdicts)
    revealed = built.agora("projections", "verify", "posts", "--reveal", status=1)
    assert "secret" in json.dumps(revealed)
    outcomes = built.agora("projections", "rebuild", "--all", "--yes")
    assert [one["build"] for one in outcomes] == [2, 2, 2, 2]
    built.agora("projections", "verify", "--all")


def test_rolling_back_and_dropping(built: World) -> None:
    assert "No build of graph was live before" in built.refused(
        "projections", "rollback", "graph", "--yes", status=1
    )
    built.agora("projections", "rebuild", "graph", "--yes")
    assert built.agora("projections", "rollback", "graph", "--dry-run")["live_build"] == 1
    assert built.agora("projections", "rollback", "graph", "--yes")["live_build"] == 1
    built.agora("projections", "verify", "graph")
    dropped = built.agora("projections", "drop-old", "--yes")
    assert [(one["model"], one["build"], one["state"]) for one in dropped] == [
        ("graph", 2, "previous")
    ]
    assert built.agora("projections", "drop-old", "--yes") == []
    [graph] = [one for one in built.agora("projections", "list") if one["name"] == "graph"]
    assert [(one["number"], one["state"]) for one in graph["builds"]] == [(1, "live")]


@pytest.mark.faults
def test_a_rebuild_killed_at_any_moment_is_gone_on_with(world: World) -> None:
    chance = random.Random(5)
    for _ in range(6):
        rebuilding = world.process("projections", "rebuild", "--all", "--yes")
        time.sleep(chance.uniform(0.5, 4.0))
        members = children_of(rebuilding.pid)
        rebuilding.kill()
        rebuilding.communicate()
        # Whoever folded for it ends with it.
        eventually(lambda: not any(procfs.identify(pid) for pid in members))  # noqa: B023
    outcomes = world.agora("projections", "rebuild", "--all", "--yes")
    assert all(one["failure"] == "" for one in outcomes)
    assert all(one["clean"] for one in world.agora("projections", "verify", "--all"))


@pytest.mark.faults
def test_ctrl_c_stops_it_and_the_same_command_goes_on(world: World) -> None:
    rebuilding = world.process("projections", "rebuild", "--all", "--yes")
    eventually(lambda: bool(world.folders(rebuilding)))
    os.killpg(rebuilding.pid, signal.SIGINT)
    _, said = rebuilding.communicate(timeout=SECONDS)
    assert rebuilding.returncode == 130
    assert "run the same command to resume" in said
    assert "Traceback" not in said
    world.agora("projections", "rebuild", "--all", "--yes")
    world.agora("projections", "verify", "--all")


@pytest.mark.faults
def test_a_log_that_is_away_is_named(built: World, stack: Stack) -> None:
    stack.kafka.kill()
    try:
        assert_named(built, "log cannot be reached")
    finally:
        asyncio.run(stack.bring_back_kafka())
    built.agora("projections", "rebuild", "graph", "--yes")


@pytest.mark.faults
def test_a_database_that_is_away_is_named(built: World, stack: Stack) -> None:
    stack.postgres.kill()
    try:
        assert_named(built, "PostgreSQL")
    finally:
        stack.postgres.start()
        stack.postgres.wait_ready(30)
    built.agora("projections", "rebuild", "graph", "--yes")


def assert_named(built: World, words: str) -> None:
    for command in (["rebuild", "graph", "--yes"], ["verify", "graph"]):
        said = built.refused("projections", *command, status=2)
        assert words.lower() in said.lower()
        assert "Traceback" not in said


@pytest.mark.parametrize("table", ["follows", "follower_counts"], ids=["copying", "summing up"])
def test_a_full_disk_is_named_and_the_live_build_stays(folded: World, table: str) -> None:
    """PostgreSQL answers as on a full disk once rows are written into a table of a new build."""
    before = folded.rows()
    folded.sql(
        "create function no_room() returns trigger language plpgsql as "
        "$$ begin raise exception 'could not extend file' using errcode = '53100'; end $$"
    )
    folded.sql(
        "create function guard() returns event_trigger language plpgsql as $$ "
        "declare made record; begin "
        "for made in select * from pg_event_trigger_ddl_commands() "
        f"where object_identity ~ '{table}_b[0-9]+$' loop "
        "execute format('create trigger no_room before insert on %s execute function no_room()', "
        "made.object_identity); end loop; end $$"
    )
    folded.sql(
        "create event trigger guard on ddl_command_end when tag in ('CREATE TABLE') "
        "execute function guard()"
    )
    try:
        said = folded.refused("projections", "rebuild", "graph", "--yes", status=2)
        assert folded.rows() == before
    finally:
        folded.sql("drop event trigger guard")
        folded.sql("drop function guard")
        folded.sql("drop function no_room cascade")
    assert "PostgreSQL is out of disk space: could not extend file" in said
    assert "free disk space" in said
    [planned] = folded.agora("projections", "rebuild", "graph", "--dry-run")
    [outcome] = folded.agora("projections", "rebuild", "graph", "--yes")
    assert outcome["build"] == planned["goes_on_with"]
    folded.agora("projections", "verify", "graph")
    assert folded.rows() == before


def test_a_damaged_record_is_passed_over_by_everybody(built: World) -> None:
    async def vandalise() -> None:
        async with open_log(built.settings) as log:
            for number in range(4):
                appender = await log.appender(Partition("people", number))
                await appender.append([(b"x", b"\xff\xff")])
                await appender.close()

    asyncio.run(vandalise())
    before = built.rows()
    built.agora("projections", "rebuild", "--all", "--yes")
    assert built.rows() == before
    built.agora("projections", "verify", "--all")
