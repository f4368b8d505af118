"""`fan-out`: posts through the log, the worker and into the timelines of followers, beside ZADDs.

The network is the demo's, everybody has a timeline. A turn lasts from the first append to the
moment at which the timelines are vouched for up to the last post: until then homes are answered
from PostgreSQL. It includes the rows of the posts, which the peer does not write.

A timeline promises every post above its floor (docs/timelines.md). Partitions are pushed one after
the other, so what is cut off a list that grew too long may be later than what comes next; the floor
rises with it. So a timeline is held against the plain model above its floor, whole homes are read
as the query side reads them, and how many timelines still hold a page is a figure of its own. One
that was given up promises nothing: what was brought to it is no delivery.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from statistics import mean
from typing import Final
from uuid import UUID

import uvloop
from msgspec import Struct, field

from cli.generated_history import Happening
from events.posts import PostPublished
from infra.config import Settings
from infra.redis.entries import micros
from tests.performance.bench import Run
from tests.performance.figures import PERCENT, Figure, Turn, WrongAnswers, at_rate, beside, within
from tests.performance.live_lag import committed
from tests.performance.loads.homes import CachedHomes, cached_homes
from tests.performance.loads.mix_log import MixLog, open_mix_log
from tests.performance.loads.reed import Reed
from tests.performance.loads.watching import watching
from tests.performance.peers.fan_out_zadd import Zadds

POSTS: Final = 10_000
POSTS_QUICK: Final = 1000
TIMES: Final = 10
RATIO: Final = 20.0
FLAT_MIN: Final = 0.95
"""What counts as flat: ten times as many posts at no less than this share of the usual rate."""
TENFOLD_ROUNDS: Final = 3
DELIVERIES_MIN: Final = 530_000
PEER: Final = "a ZADD per delivery"
PAGE: Final = 20
READERS: Final = 100
"""So many homes are read at the end."""


class Turns(Struct, frozen=True):
    """What was taken in turns; `pages` is the percentage of homes whose timeline holds a page.

    For each turn of `tenfold` there is one in `around`: the mean of those before and after it.
    """

    ours: list[Turn] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    theirs: list[Turn] = field(default_factory=list)
    tenfold: list[Turn] = field(default_factory=list)
    around: list[Turn] = field(default_factory=list)


class FanOut:
    """The network's log and timelines, and a plain list of each home."""

    def __init__(self, reed: Reed, log: MixLog, homes: CachedHomes) -> None:
        self._reed = reed
        self._log = log
        self._homes = homes
        self.delivered: dict[UUID, list[tuple[datetime, UUID]]] = {
            person: [] for person in reed.people
        }

    async def turn(self, posts: int) -> tuple[Turn, float]:
        """So many posts, counted where they came to a timeline; and the percentage of `Turns`."""
        await self._homes.fill(self._reed.people)
        happenings = self._reed.posts(posts)
        records = await self._log.made(happenings, now=False)
        began = time.perf_counter()
        await self._log.append(records)
        ends = {name: end for name, end in self._log.ends.items() if name.startswith("posts")}
        await self._homes.vouched(ends)
        elapsed_s = time.perf_counter() - began
        came = self._note(happenings)
        claims = {viewer: await self._homes.claim(viewer) for viewer in self._reed.people}
        deliveries = sum(came[viewer] for viewer, claim in claims.items() if claim is not None)
        whole = sum(
            claim is not None and len(claim.posts) >= min(PAGE, len(self.delivered[viewer]))
            for viewer, claim in claims.items()
        )
        return at_rate(deliveries, elapsed_s), PERCENT * whole / len(claims)

    def _note(self, happenings: Sequence[Happening]) -> Counter[UUID]:
        """How many posts each viewer should have got."""
        came: Counter[UUID] = Counter()
        for one in happenings:
            assert isinstance(one.event, PostPublished)
            entry = one.at, one.event.post_id
            for viewer in [one.actor, *self._reed.followers[one.actor]]:
                self.delivered[viewer].append(entry)
                came[viewer] += 1
        return came

    async def check(self) -> None:
        """Raises `WrongAnswers` unless timelines keep what they promise, and homes are right."""
        for viewer, posts in self.delivered.items():
            claim = await self._homes.claim(viewer)
            if claim is not None and claim.posts != {
                post for post in posts if micros(post[0]) > claim.floor
            }:
                raise WrongAnswers("A timeline does not hold what was published above its floor.")
        for viewer in self._reed.people[:READERS]:
            newest = sorted(self.delivered[viewer], reverse=True)[:PAGE]
            if await self._homes.page(viewer, PAGE) != [post for _, post in newest]:
                raise WrongAnswers("A home does not begin with the newest posts.")


def run(run: Run) -> Sequence[Figure]:
    """The figures; raises `WrongAnswers`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measured(run))


async def _measured(run: Run) -> Sequence[Figure]:
    settings, reed = run.servers.settings(), Reed(run.seed)
    posts = POSTS_QUICK if run.quick else POSTS
    zadds = Zadds(settings.redis.url, settings.redis.prefix, reed)
    worker = run.servers.agora(settings, "serve", "projections")
    turns = Turns()
    async with open_mix_log(settings) as log, cached_homes(settings, log.pool) as homes:
        worker.start()
        try:
            run.tell("fan-out: 962 people follow each other")
            await begun(settings, reed, log, homes)
            fan_out = FanOut(reed, log, homes)
            await _besides(run, turns, fan_out, zadds, posts)
            await _longer(run, turns, fan_out, posts)
            run.tell("fan-out: the homes are compared with what was published")
            await fan_out.check()
            await asyncio.to_thread(zadds.check)
        finally:
            worker.kill()
            zadds.close()
    return _figures(turns, posts)


async def _besides(run: Run, turns: Turns, fan_out: FanOut, zadds: Zadds, posts: int) -> None:
    for number in range(run.rounds):
        run.tell(f"fan-out: round {number + 1} of {run.rounds}")
        turn, pages = await fan_out.turn(posts)
        turns.ours.append(turn)
        turns.pages.append(pages)
        turns.theirs.append(await asyncio.to_thread(zadds.turn, run.turn_s))


async def _longer(run: Run, turns: Turns, fan_out: FanOut, posts: int) -> None:
    rounds = 1 if run.quick else TENFOLD_ROUNDS
    before, _ = await fan_out.turn(posts)
    for number in range(rounds):
        run.tell(f"fan-out: {TIMES * posts:,} posts, round {number + 1} of {rounds}")
        tenfold, _ = await fan_out.turn(TIMES * posts)
        after, _ = await fan_out.turn(posts)
        turns.tenfold.append(tenfold)
        turns.around.append(Turn(rate=mean([before.rate, after.rate])))
        before = after


async def begun(settings: Settings, reed: Reed, log: MixLog, homes: CachedHomes) -> None:
    """Everybody is there and follows."""
    async with watching(settings.postgres.dsn, committed(settings)) as watcher:
        await log.append(await log.made(list(reed.beginnings())))
        await watcher.reached(log.ends)
    await homes.vouched(log.ends)


def _figures(turns: Turns, posts: int) -> list[Figure]:
    usual = f"{posts:,} posts at once"
    return [
        beside("fan-out, deliveries", turns.ours, PEER, turns.theirs, RATIO, DELIVERIES_MIN),
        within("fan-out, timelines that hold a page", turns.pages, "%", None),
        beside(
            f"fan-out, deliveries of {TIMES * posts:,} posts at once",
            *(turns.tenfold, usual, turns.around, FLAT_MIN),
        ),
    ]
