"""`agora timelines`: faults in cached homes are named, and nothing else is one."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from cli.main import run
from infra.config import Settings
from infra.postgres.pool import open_pool
from infra.redis.entries import entry
from infra.redis.markers import open_markers
from infra.redis.port import Move
from infra.redis.timelines import open_timelines
from queries.reads.timelines import lanes
from queries.store import Store
from tests.cli import environment
from tests.queries.world import ANA, BEN, World, call, made_world, minute_of
from tests.stack import Stack, free_ports


@pytest.fixture
def settings(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Settings:
    found = stack.settings()
    environment.use(found, monkeypatch)
    return found


Work = Callable[[World], Awaitable[list[bytes]]]


def in_world(settings: Settings, work: Work, *, moved: int = 0) -> None:
    """BEN and the posts that `work` writes; ANA follows BEN and has a timeline with its entries.

    Afterwards the rows go on by `moved` records of which timelines learn nothing.
    """

    async def made() -> None:
        postgres = settings.postgres
        patient = replace(settings, feeds=replace(settings.feeds, read_wait_ms=60_000))
        async with (
            made_world(postgres.dsn, postgres.schema) as world,
            open_pool(postgres, role="tests") as pool,
            open_timelines(patient) as timelines,
            open_markers(patient) as markers,
        ):
            await world.follow(ANA, BEN)
            await world.checkpoint("posts", "posts-0", 7)
            entries = await work(world)
            places = (await lanes(Store(pool, 60).until(call(ANA).deadline_s))).places
            await markers.advance([Move(lane, place, place) for lane, place in places.items()])
            generation = (await timelines.glimpse(ANA)).generation
            assert generation is not None
            await timelines.begin(ANA, generation, generation, anew=False)
            await timelines.finish(ANA, generation, generation, 0, entries)
            await world.checkpoint("posts", "posts-0", 7 + moved)

    asyncio.run(made())


async def one_post(world: World) -> list[bytes]:
    return [entry(minute_of(3), await world.post(BEN, 3))]


async def one_post_lost(world: World) -> list[bytes]:
    await world.post(BEN, 3)
    return []


async def one_post_misplaced(world: World) -> list[bytes]:
    return [entry(minute_of(4), await world.post(BEN, 3))]


async def one_post_damaged(world: World) -> list[bytes]:
    return [one + b"x" for one in await one_post(world)]


async def one_post_stale(world: World) -> list[bytes]:
    return [entry(minute_of(3), BEN)]


async def one_post_doubled(world: World) -> list[bytes]:
    return 2 * await one_post(world)


@pytest.fixture
def looked(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> Callable[[list[str], int], str]:
    """Runs a command that ends with this status; all that it says, or its one envelope."""

    def look(arguments: list[str], status: int) -> str:
        assert run(arguments) == status
        shown = capsys.readouterr()
        return shown.out if "--json" in arguments else shown.out + shown.err

    return look


VERIFY = ["projections", "verify", "timelines"]
Looked = Callable[[list[str], int], str]


def test_right_timelines_are_no_fault(settings: Settings, looked: Looked) -> None:
    in_world(settings, one_post)
    told = looked(["timelines"], 0)
    assert "1 timelines, 0 of them not compared; no difference.\n" in told
    assert "as PostgreSQL answers" in looked(["projections", "verify", "timelines"], 0)


@pytest.mark.parametrize(
    ("planted", "kind"),
    [
        (one_post_lost, "missing"),
        (one_post_misplaced, "misplaced"),
        (one_post_damaged, "damaged"),
    ],
)
def test_what_makes_a_home_another_one_is_a_fault_and_named(
    settings: Settings, looked: Looked, planted: Work, kind: str
) -> None:
    in_world(settings, planted)
    for command in (["timelines"], VERIFY):
        told = looked(command, 1)
        assert kind in told
        assert str(ANA) in told
    told = looked(VERIFY, 1)
    assert "These do not match: timelines." in told
    assert "empty Redis" in told
    [found] = json.loads(looked(["projections", "verify", "timelines", "--json"], 1))["data"]
    assert (found["model"], found["clean"], found["rows"]) == ("timelines", False, 1)
    named = [(one["kind"], one["key"]["viewer"]) for one in found["differences"]]
    assert (kind, str(ANA)) in named


@pytest.mark.parametrize(
    ("planted", "kind"), [(one_post_stale, "surplus"), (one_post_doubled, "doubled")]
)
def test_what_reads_leave_out_is_named_and_no_fault(
    settings: Settings, looked: Looked, planted: Work, kind: str
) -> None:
    in_world(settings, planted)
    for command in (["timelines"], ["projections", "verify", "timelines"]):
        told = looked(command, 0)
        assert f"; 1 {kind}" in told
        assert str(ANA) in told


def test_a_timeline_that_lags_is_not_compared_since_postgresql_answers(
    settings: Settings, looked: Looked
) -> None:
    in_world(settings, one_post_lost, moved=1)
    assert "1 of them not compared" in looked(["timelines"], 0)
    [found] = json.loads(looked(["projections", "verify", "timelines", "--json"], 0))["data"]
    assert (found["clean"], found["undecided"]) == (True, 1)


def test_a_redis_that_is_away_is_named_before_the_log_is_folded(
    settings: Settings, looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_world(settings, one_post)
    [nowhere] = free_ports(1)
    environment.use(
        replace(settings, redis=replace(settings.redis, url=f"redis://127.0.0.1:{nowhere}/0")),
        monkeypatch,
    )
    told = looked(["projections", "verify", "--all"], 2)
    assert "Redis cannot be reached" in told
    assert "folding the log" not in told


def test_a_name_that_is_nearly_that_of_timelines(settings: Settings, looked: Looked) -> None:
    assert "Did you mean 'timelines'?" in looked(["projections", "verify", "timeline"], 2)
