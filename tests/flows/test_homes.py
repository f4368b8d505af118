"""Homes read through timelines are PostgreSQL's, whatever happens to people, lanes and Redis."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from queries.feeds.freshness import Miss
from queries.feeds.meters import HIT
from tests.flows.homes import Homes, counts, meanwhile, open_homes, redis_does, stopped
from tests.stack import Stack, paused

pytestmark = pytest.mark.flows

AWAY_S = 2.0


@pytest.fixture
async def homes(stack: Stack, tmp_path: Path) -> AsyncIterator[Homes]:
    """A town whose homes all come from timelines."""
    async with open_homes(stack, tmp_path, seed=1) as opened:
        await opened.caught_up()
        await opened.hits()
        yield opened


async def recovered(homes: Homes) -> None:
    """Everything that happened is read, and comes from timelines again by itself."""
    await homes.caught_up()
    await homes.compare()
    await homes.vouched()
    await homes.compare()
    await homes.hits()


async def test_whatever_people_do_their_homes_are_right(homes: Homes) -> None:
    for _ in range(25):
        await homes.live(2)
        await homes.caught_up()
        await homes.compare()
        await homes.vouched()
        await homes.compare()
    assert homes.outcomes[HIT] > 100
    await homes.hits()


async def test_with_authors_that_are_merged_their_homes_are_right(
    stack: Stack, tmp_path: Path
) -> None:
    async with open_homes(stack, tmp_path, seed=2, pushed_followers_max=2) as homes:
        await homes.caught_up()
        for _ in range(12):
            await homes.live(3)
            await homes.caught_up()
            await homes.compare()
            await homes.vouched()
            await homes.compare()
        await homes.hits()


async def test_redis_emptied_under_load_costs_hits_alone(homes: Homes) -> None:
    async with meanwhile(homes):
        for _ in range(3):
            await redis_does(homes.settings, "FLUSHALL")
            await asyncio.sleep(AWAY_S / 3)
    await recovered(homes)


async def test_redis_silent_delays_neither_tables_nor_readers(stack: Stack, homes: Homes) -> None:
    before = counts()
    with paused(stack.redis):
        await homes.live(5)
        await homes.caught_up()
        await homes.compare(100)
    assert (counts() - before)[Miss.AWAY] > 0
    await recovered(homes)


async def test_redis_killed_and_started_again_under_load_costs_hits_alone(
    stack: Stack, homes: Homes
) -> None:
    async with meanwhile(homes):
        stack.redis.kill()
        await asyncio.sleep(AWAY_S)
    await homes.caught_up()
    await homes.compare(100)
    async with meanwhile(homes):
        stack.redis.start()
        stack.redis.wait_ready()
    await recovered(homes)


async def test_workers_that_stand_still_leave_homes_as_old_as_the_tables(homes: Homes) -> None:
    for _ in range(5):
        with stopped(homes.workers):
            await homes.live(3)
            await homes.compare(100)
        await asyncio.sleep(0.05)
    await recovered(homes)


async def test_workers_killed_under_load_lose_no_post_of_any_home(homes: Homes) -> None:
    async with meanwhile(homes):
        homes.workers.start()
        for _ in range(2):
            await asyncio.sleep(AWAY_S)
            homes.workers.kill()
            homes.workers.start()
    await recovered(homes)
