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
from tests.stack import Stack


@pytest.fixture
def settings(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Settings:
    found = stack.settings()
    environment.use(found, monkeypatch)
    return found


def in_world(settings: Settings, work: Callable[[World], Awaitable[bytes]]) -> None:
    """BEN and the posts that `work` writes; ANA follows BEN and has a timeline with its entries."""

    async def made() -> None:
        postgres = settings.postgres
        patient = replace(settings, feeds=replace(settings.feeds, read_wait_ms=5000))
        async with (
            made_world(postgres.dsn, postgres.schema) as world,
            open_pool(postgres, role="tests") as pool,
            open_timelines(patient) as timelines,
            open_markers(patient) as markers,
        ):
            await world.follow(ANA, BEN)
            await world.checkpoint("posts", "posts-0", 7)
            entries = await work(world)
            places = (await lanes(Store(pool, 5).until(call(ANA).deadline_s))).places
            await markers.advance([Move(lane, place, place) for lane, place in places.items()])
            generation = (await timelines.glimpse(ANA)).generation
            assert generation is not None
            await timelines.begin(ANA, generation, generation, anew=False)
            await timelines.finish(ANA, generation, generation, 0, [entries] if entries else [])

    asyncio.run(made())


async def one_post(world: World) -> bytes:
    post = await world.post(BEN, 3)
    return entry(minute_of(3), post)


async def one_post_lost(world: World) -> bytes:
    await world.post(BEN, 3)
    return b""


async def one_post_deleted(world: World) -> bytes:
    return entry(minute_of(3), BEN)


def test_right_timelines_are_no_fault(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    in_world(settings, one_post)
    assert run(["timelines"]) == 0
    assert capsys.readouterr().out == "1 timelines, 0 of them not compared; posts: no difference.\n"


def test_a_missing_post_is_named(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    in_world(settings, one_post_lost)
    assert run(["timelines"]) == 1
    found = capsys.readouterr()
    assert "missing  " in found.out
    assert str(ANA) in found.out
    assert "1 posts are missing or misplaced." in found.err
    assert run(["timelines", "--json"]) == 1
    [difference] = json.loads(capsys.readouterr().out)["data"]["differences"]
    assert (difference["viewer"], difference["kind"]) == (str(ANA), "missing")


def test_surplus_posts_are_no_fault(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    in_world(settings, one_post_deleted)
    assert run(["timelines"]) == 0
    assert "posts: 1 surplus." in capsys.readouterr().out
