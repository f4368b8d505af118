"""`mixed`: homes, profiles and posts at once, beside a monolith of FastAPI and SQLAlchemy.

The demo's network: 60 % reads of a home with ten posts, 30 % of a profile, 10 % new posts, as an
open loop from this process, which shares the machine's cores with the servers. Each side's rate
is the highest of a ladder at which 99 of 100 requests are answered within 10 ms. Homes and posts
are asked for apart, too, in a closed loop.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import aiohttp
import uvloop
from msgspec import Struct

from tests.performance.bench import Run
from tests.performance.figures import Figure, Turn, beside, percentile
from tests.performance.loads.load import by_tasks
from tests.performance.loads.open_loop import Step, open_loop
from tests.performance.loads.rate_search import LADDER, highest
from tests.performance.loads.reed import Reed, body_of
from tests.performance.loads.reed_town import reed_town
from tests.performance.mixed_sites import (
    HOME,
    PAGE,
    PUBLISH,
    TIMEOUT_S,
    Agora,
    Monolith,
    People,
)
from tests.performance.peers.mixed_monolith import monolith
from tests.stack import Stack

WITHIN_S: Final = 0.010
RATIO: Final = 2.0
RATE_MIN: Final = 1100.0
ROUNDS: Final = 3
STEP_S: Final = 3.0
STEP_QUICK_S: Final = 0.5
WARM_UP_RATE: Final = 50
POSTS_EACH: Final = 20
POSTS_EACH_QUICK: Final = PAGE
COMPARED: Final = 40
CALLERS: Final = 16
PAGE_COMPARED: Final = 100
PEER: Final = "FastAPI, SQLAlchemy, Postgres"


class Sides(Struct, frozen=True):
    """The people of ours, and those of the peer."""

    ours: People
    theirs: People


def run(run: Run) -> Sequence[Figure]:
    """The figures; raises `WrongAnswers`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measured(run))


async def _measured(run: Run) -> Sequence[Figure]:
    run.tell("mixed: 962 people and their posts come into both")
    turns: defaultdict[str, list[Turn]] = defaultdict(list)
    peer: defaultdict[str, list[Turn]] = defaultdict(list)
    each = POSTS_EACH_QUICK if run.quick else POSTS_EACH
    seconds = STEP_QUICK_S if run.quick else STEP_S
    async with sides(run.servers, run.seed, each) as both:
        for people in (both.ours, both.theirs):
            await open_loop(WARM_UP_RATE, 2 * seconds, random.Random(run.seed), people.ask)
        for number in range(1 if run.quick else ROUNDS):
            run.tell(f"mixed: round {number + 1}")
            for people, found in ((both.ours, turns), (both.theirs, peer)):
                found[""].append(await searched(people, seconds, run.seed + number))
            for people, found in ((both.ours, turns), (both.theirs, peer)):
                for kind, once in ((HOME, people.read_home), (PUBLISH, people.publish)):
                    found[kind].append(await by_tasks(CALLERS, run.turn_s, once))
        run.tell("mixed: homes are compared with what was published")
        for people in (both.ours, both.theirs):
            await people.check(both.ours.reed.people[:COMPARED], PAGE_COMPARED)
    return [
        beside("mixed, p99 within 10 ms", turns[""], PEER, peer[""], RATIO, RATE_MIN),
        beside(f"mixed, only homes, {CALLERS} callers", turns[HOME], PEER, peer[HOME]),
        beside(f"mixed, only posts, {CALLERS} callers", turns[PUBLISH], PEER, peer[PUBLISH]),
    ]


async def searched(people: People, seconds: float, seed: int) -> Turn:
    """The highest rate of one side, and what was seen there."""
    dice = random.Random(seed)

    async def step(rate: int) -> Step:
        return await open_loop(rate, seconds, dice, people.ask)

    rate, seen = await highest(LADDER, WITHIN_S, step)
    return Turn(
        rate=rate,
        p50_ms=percentile(seen.seconds(), 50) * 1000,
        p99_ms=percentile(seen.seconds(), 99) * 1000,
    )


@asynccontextmanager
async def sides(stack: Stack, seed: int, each: int) -> AsyncIterator[Sides]:
    """Both, serving, with the same people and as many posts of each."""
    reed = Reed(seed)
    happenings = reed.posts_of_everybody(each)
    written = {body_of(one): one.actor for one in happenings}
    async with AsyncExitStack() as opened:
        town = await opened.enter_async_context(reed_town(stack, reed, happenings))
        served = await opened.enter_async_context(monolith(stack, reed, happenings))
        ours, theirs = [
            await opened.enter_async_context(
                aiohttp.ClientSession(
                    address,
                    connector=aiohttp.TCPConnector(limit=0),
                    timeout=aiohttp.ClientTimeout(TIMEOUT_S),
                )
            )
            for address in (town.address, served.address)
        ]
        yield Sides(
            People(Agora(town.tokens, town.ids, ours), reed, seed, written),
            People(Monolith(served.tokens, theirs), reed, seed, written),
        )
