"""`agora projections`: what operators see of the read models."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from cli.main import run
from events import record
from events.record import Barrier
from events.topics import PEOPLE, Partition
from infra.config import Settings
from infra.log import topics
from infra.log.kafka import open_log
from infra.postgres.pool import Pool, open_pool
from infra.postgres.schema import ensure
from projections.builds import ensure_models
from projections.models import MODELS, graph
from tests.cli import environment
from tests.stack import Stack

PARTITION = Partition(PEOPLE.name, 0)


@pytest.fixture
def settings(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Settings:
    found = stack.settings()
    environment.use(found, monkeypatch)
    return found


def in_database(settings: Settings, work: Callable[[Pool], Awaitable[None]]) -> None:
    """Make the tables, then do `work`."""

    async def made() -> None:
        async with open_pool(settings.postgres, role="tests") as pool:
            await ensure_models(pool, settings, MODELS)
            await work(pool)

    asyncio.run(made())


def a_log_of(settings: Settings, ages_s: list[float]) -> None:
    """A partition with one barrier of each age."""

    async def made() -> None:
        await topics.ensure(settings)
        async with open_log(settings) as log:
            appender = await log.appender(PARTITION)
            for number, age_s in enumerate(ages_s):
                at = datetime.now(UTC) - timedelta(seconds=age_s)
                barrier = Barrier(id=UUID(int=number), epoch=UUID(int=1), at=at)
                await appender.append([(b"", record.encode(barrier))])
            await appender.close()

    asyncio.run(made())


async def one_checkpoint(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            'insert into build_checkpoints (model, build, partition, "offset") '
            "values ('graph', 1, 'people-0', 0)"
        )


async def one_halted(pool: Pool) -> None:
    await one_checkpoint(pool)
    async with pool.connection() as connection:
        await connection.execute("update build_checkpoints set halted = 'Offset 1 is missing.'")


async def reported(pool: Pool, state: str, seconds_ago: int = 0) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            "insert into lane_reports (subscriber, partition, worker, state, seen_at) "
            "values ('graph', 'people-0', 'w', %s, now() - make_interval(secs => %s))",
            (state, seconds_ago),
        )


async def one_attached(pool: Pool) -> None:
    await one_checkpoint(pool)
    await reported(pool, "attached")


async def one_of_a_worker_that_is_gone(pool: Pool) -> None:
    await one_checkpoint(pool)
    await reported(pool, "attached", seconds_ago=60)


async def one_parked(pool: Pool) -> None:
    await one_attached(pool)
    async with pool.connection() as connection:
        await connection.execute(
            'insert into parked (model, build, partition, "offset", shard, reason) '
            "values ('graph', 1, 'people-0', 0, 's', 'ZeroDivisionError')"
        )


async def nothing_more(pool: Pool) -> None:
    return


def test_without_tables_it_says_what_to_start(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("list", "status"):
        assert run(["projections", command]) == 2
        assert "agora serve projections" in capsys.readouterr().err


def test_list_shows_every_table_and_its_rows(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    in_database(settings, nothing_more)
    assert run(["projections", "list", "--json"]) == 0
    models = {one["name"]: one for one in json.loads(capsys.readouterr().out)["data"]}
    [build] = models["graph"]["builds"]
    assert (build["number"], build["state"], build["version"]) == (1, "live", graph.VERSION)
    assert build["rows"]["follows"] == 0
    assert build["exact"] is True
    assert models["accounts"]["topics"] == ["people"]


def test_status_shows_the_lag_in_records_and_in_seconds(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    a_log_of(settings, ages_s=[500, 100, 10])
    in_database(settings, one_checkpoint)
    assert run(["projections", "status", "--json"]) == 0
    [one] = json.loads(capsys.readouterr().out)["data"]
    assert (one["subscriber"], one["offset"], one["end"], one["lag_events"]) == ("graph", 0, 3, 2)
    assert 100 <= one["lag_seconds"] < 500
    assert run(["projections", "status", "--partitions"]) == 0
    assert "graph  people-0   unattended" in capsys.readouterr().out
    assert run(["projections", "status"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:3] == ["graph", "unattended", "2"]


def test_watching_into_a_pipe_shows_one_table_after_the_other(settings: Settings) -> None:
    a_log_of(settings, ages_s=[1])
    in_database(settings, one_checkpoint)
    command = [sys.executable, "-m", "cli.main", "projections", "status", "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        try:
            assert watching.stdout is not None
            tables = [watching.stdout.readline() for _ in range(6)][::3]
            assert [table.split()[0] for table in tables] == ["NAME", "NAME"]
            watching.send_signal(signal.SIGINT)
            assert watching.wait(timeout=60) == 130
        finally:
            watching.kill()


def test_one_envelope_cannot_be_watched(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["projections", "status", "--watch", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["status"] == "failed"


def test_a_halted_model_is_a_failure_that_says_why(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    a_log_of(settings, ages_s=[1, 1])
    in_database(settings, one_halted)
    assert run(["projections", "status"]) == 1
    shown = capsys.readouterr()
    assert "halted" in shown.out
    assert "graph in people-0 is halted: Offset 1 is missing." in shown.err


def test_a_checkpoint_beyond_the_end_of_the_log_is_a_failure_though_nothing_runs(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    a_log_of(settings, ages_s=[])
    in_database(settings, one_checkpoint)
    assert run(["projections", "status"]) == 1
    assert "graph in people-0 is at offset 0, but the log ends at 0." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("work", "state"),
    [
        (one_attached, "attached"),
        (one_of_a_worker_that_is_gone, "unattended"),
        (one_checkpoint, "unattended"),
        (one_halted, "halted"),
        (one_parked, "attached"),
    ],
)
def test_status_says_how_each_lane_is(
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    work: Callable[[Pool], Awaitable[None]],
    state: str,
) -> None:
    a_log_of(settings, ages_s=[1])
    in_database(settings, work)
    run(["projections", "status", "--json"])
    [one] = json.loads(capsys.readouterr().out)["data"]
    assert one["state"] == state


def test_parked_records_are_a_failure_that_says_where_to_look(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    a_log_of(settings, ages_s=[1])
    in_database(settings, one_parked)
    assert run(["projections", "status"]) == 1
    assert "agora parked list" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["serve projections", "projections rebuild graph --yes"])
def test_tables_of_another_version_are_named_with_what_to_do(
    settings: Settings, command: str
) -> None:
    async def made() -> None:
        await topics.ensure(settings)
        async with open_pool(settings.postgres, role="tests") as pool:
            # As it was before read models had builds.
            await ensure(pool, settings, ["create table parked (model text, partition text)"])

    asyncio.run(made())
    ended = subprocess.run(
        [sys.executable, "-m", "cli.main", *command.split()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 2
    assert f"tables in schema {settings.postgres.schema} are of another version" in ended.stderr
    assert "agora reset" in ended.stderr
