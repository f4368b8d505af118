"""`mixed`: homes, profiles and posts at once, beside a monolith of FastAPI and SQLAlchemy.

The demo's network: 60 % reads of a home with ten posts, 30 % of a profile, 10 % new posts, as an
open loop from this process, which shares the machine's cores with the servers. Each side's rate
is the highest at which 99 of 100 requests are answered within 10 ms. The sides take turns step by
step, and with them Agora with ten times as many posts of everybody, and the gateway's `/healthz`,
which does nothing: what load, machine and HTTP alone leave of a rate and of 10 ms. Then all are
asked at one rate, which tells what each kind of request takes, and in closed loops.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import uvloop

from tests.performance.bench import Run
from tests.performance.figures import Figure, Turn, WrongAnswers, beside, latency_beside, turn
from tests.performance.loads.load import by_tasks
from tests.performance.loads.open_loop import Step, open_loop
from tests.performance.loads.rate_search import LADDER, RateSearch
from tests.performance.mixed_served import Sides, sides
from tests.performance.mixed_sites import HOME, PAGE, PROFILE, PUBLISH, People

WITHIN_S: Final = 0.010
RATIO: Final = 2.0
RATE_MIN: Final = 1100.0
TIMES: Final = 10
FLAT_MIN: Final = 0.95
ROUNDS: Final = 3
STEPS: Final = 12
STEPS_AGAIN: Final = 8
"""In later rounds the search begins where it was."""
STEPS_QUICK: Final = 3
STEP_S: Final = 3.0
STEP_QUICK_S: Final = 0.5
ASKED_MIN: Final = 200
"""In a step, however low its rate: of fewer, a single late one would be more than one in 100."""
WARM_UP_RATE: Final = 50
EACH_RATE: Final = 100
EACH_S: Final = 6.0
POSTS_EACH: Final = 20
POSTS_EACH_QUICK: Final = PAGE
COMPARED: Final = 40
CALLERS: Final = 16
PAGE_COMPARED: Final = 100
PEER: Final = "FastAPI, SQLAlchemy, Postgres"
OURS: Final = "ours"
THEIRS: Final = "theirs"
FULLER: Final = "fuller"
NOTHING: Final = "nothing"

Ask = Callable[[], Awaitable[str]]
Turns = defaultdict[tuple[str, str], list[Turn]]
"""By side, and by the kind of request or of loop."""


def run(run: Run) -> Sequence[Figure]:
    """The figures; raises `WrongAnswers`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measured(run))


async def _measured(run: Run) -> Sequence[Figure]:
    run.tell("mixed: 962 people and their posts come into all")
    each = POSTS_EACH_QUICK if run.quick else POSTS_EACH
    turns: Turns = defaultdict(list)
    async with sides(run.servers, run.seed, each, TIMES * each) as served:
        asks = asked(served)
        for ask in asks.values():
            await open_loop(WARM_UP_RATE, 2 * STEP_S, random.Random(run.seed), ask)
        searches = {side: RateSearch(LADDER, WITHIN_S) for side in asks}
        for number in range(1 if run.quick else ROUNDS):
            run.tell(f"mixed: round {number + 1}, the rate is searched for")
            await _searched(run, asks, searches, number)
            for side, search in searches.items():
                turns[side, "rate"].append(search.found())
            run.tell(f"mixed: round {number + 1}, at one rate, and in closed loops")
            await _at_one_rate(run, asks, turns, number)
            await _closed(run, served, turns)
        run.tell("mixed: homes are compared with what was published")
        for people in served.all:
            await people.check(people.reed.people[:COMPARED], PAGE_COMPARED)
    return _figures(turns, TIMES * each)


def asked(served: Sides) -> Mapping[str, Ask]:
    """A request of the mix to each side, and one that does nothing, to the gateway of ours."""

    async def nothing() -> str:
        async with served.ours.site.session.get("/healthz") as answer:
            if await answer.json() != {"status": "ok"}:
                raise WrongAnswers(f"The gateway answers {answer.status} to /healthz.")
        return NOTHING

    return {
        OURS: served.ours.ask,
        THEIRS: served.theirs.ask,
        FULLER: served.fuller.ask,
        NOTHING: nothing,
    }


async def _searched(
    run: Run, asks: Mapping[str, Ask], searches: Mapping[str, RateSearch], number: int
) -> None:
    steps = STEPS_AGAIN if number else STEPS
    dice = random.Random(run.seed + number)
    for _ in range(STEPS_QUICK if run.quick else steps):
        # In an order that is drawn: what one leaves behind for the next comes upon all.
        for side in dice.sample(list(asks), len(asks)):
            search = searches[side]
            search.saw(await _step(search.rate, run.quick, dice, asks[side]))


async def _step(rate: int, quick: bool, dice: random.Random, ask: Ask) -> Step:
    seconds = STEP_QUICK_S if quick else max(STEP_S, ASKED_MIN / rate)
    return await open_loop(rate, seconds, dice, ask)


async def _at_one_rate(run: Run, asks: Mapping[str, Ask], turns: Turns, number: int) -> None:
    for side, ask in asks.items():
        dice = random.Random(run.seed + number)
        step = await open_loop(EACH_RATE, run.turn_s if run.quick else EACH_S, dice, ask)
        for kind in ("", HOME, PROFILE, PUBLISH):
            turns[side, kind].append(turn(step.seconds(kind), step.elapsed_s))


async def _closed(run: Run, served: Sides, turns: Turns) -> None:
    people: Mapping[str, People] = {OURS: served.ours, THEIRS: served.theirs, FULLER: served.fuller}
    for side, each in people.items():
        loops = {"homes": each.read_home, "posts": each.publish, "all": each.ask}
        for loop, once in loops.items():
            turns[side, loop].append(await by_tasks(CALLERS, run.turn_s, once))


def _figures(turns: Turns, more: int) -> list[Figure]:
    rate, loops = "mixed, p99 within 10 ms", f"{CALLERS} callers"
    at_once, nothing = f"mixed at {EACH_RATE}/s", "/healthz in its place"
    fuller = f"{more} posts of everybody"
    ours, theirs = turns[OURS, "rate"], turns[THEIRS, "rate"]
    return [
        beside(rate, ours, PEER, theirs, RATIO, RATE_MIN),
        beside(f"{rate}, {fuller}", turns[FULLER, "rate"], "as usual", ours, FLAT_MIN),
        beside(f"{rate}, {nothing}", turns[NOTHING, "rate"], "the mix", ours),
        *(
            latency_beside(f"{at_once}, {what}", turns[OURS, kind], PEER, turns[THEIRS, kind])
            for what, kind in (("homes", HOME), ("profiles", PROFILE), ("posts", PUBLISH))
        ),
        latency_beside(f"{at_once}, {fuller}", turns[FULLER, ""], "as usual", turns[OURS, ""]),
        latency_beside(f"{at_once}, {nothing}", turns[NOTHING, ""], "the mix", turns[OURS, ""]),
        *(
            beside(f"mixed, only {loop}, {loops}", turns[OURS, loop], PEER, turns[THEIRS, loop])
            for loop in ("homes", "posts")
        ),
        beside(f"mixed, {loops}, {fuller}", turns[FULLER, "all"], "as usual", turns[OURS, "all"]),
    ]
