"""Homes read through timelines are PostgreSQL's, whatever happens to people, lanes and Redis."""

import asyncio
from pathlib import Path

import pytest

from queries.feeds.meters import HIT
from tests.flows.homes import Homes, open_homes
from tests.stack import Stack

pytestmark = pytest.mark.flows


async def lived(homes: Homes, rounds: int, at_once: int) -> None:
    """Things happen, and all homes are compared before and after timelines have them."""
    for _ in range(rounds):
        await homes.live(at_once)
        await homes.caught_up()
        await homes.compare()
        await homes.vouched()
        await homes.compare()


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_people_do_their_homes_are_right(
    stack: Stack, tmp_path: Path, seed: int
) -> None:
    async with open_homes(stack, tmp_path, seed) as homes:
        await homes.caught_up()
        await homes.hits()
        await lived(homes, rounds=25, at_once=2)
        assert homes.outcomes[HIT] > 100
        await homes.hits()
        await asyncio.sleep(0)
