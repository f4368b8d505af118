"""`fan-out`: posts through the log, the worker and into the timelines of followers, beside ZADDs.

The network is the demo's, everybody has a timeline. A turn lasts from the first append to the
moment at which the timelines are vouched for up to the last post: until then homes are answered
from PostgreSQL. It includes the rows of the posts, which the peer does not write.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import uvloop

from events.posts import PostPublished
from infra.config import Settings
from tests.performance.bench import Run
from tests.performance.figures import Figure, Turn, WrongAnswers, at_rate, beside
from tests.performance.live_lag import committed
from tests.performance.loads.homes import CachedHomes, cached_homes
from tests.performance.loads.mix_log import MixLog, open_mix_log
from tests.performance.loads.reed import Reed
from tests.performance.loads.watching import watching
from tests.performance.peers.fan_out_zadd import Zadds

POSTS: Final = 10_000
POSTS_QUICK: Final = 1000
RATIO: Final = 20.0
DELIVERIES_MIN: Final = 530_000
PEER: Final = "a ZADD per delivery"
COMPARED: Final = 100
"""So many of the newest posts in each home are compared: timelines forget old ones."""


class FanOut:
    """The network's log and timelines, and a plain list of each home."""

    def __init__(self, reed: Reed, log: MixLog, homes: CachedHomes) -> None:
        self._reed = reed
        self._log = log
        self._homes = homes
        self.delivered: dict[UUID, list[UUID]] = {person: [] for person in reed.people}

    async def turn(self, posts: int) -> Turn:
        """So many posts; the turn counts deliveries."""
        happenings = self._reed.posts(posts)
        records = await self._log.made(happenings, now=False)
        began = time.perf_counter()
        await self._log.append(records)
        ends = {name: end for name, end in self._log.ends.items() if name.startswith("posts")}
        await self._homes.vouched(ends)
        elapsed_s = time.perf_counter() - began
        return at_rate(sum(self._note(one.event) for one in happenings), elapsed_s)

    def _note(self, post: object) -> int:
        assert isinstance(post, PostPublished)
        viewers = [post.author_id, *self._reed.followers[post.author_id]]
        for viewer in viewers:
            self.delivered[viewer].append(post.post_id)
        return len(viewers)

    async def check(self) -> None:
        """Raises `WrongAnswers` unless each timeline has the newest posts of its home, in order."""
        for viewer, posts in self.delivered.items():
            found = await self._homes.newest(viewer, COMPARED)
            if found != posts[: -COMPARED - 1 : -1]:
                raise WrongAnswers("A timeline does not hold the newest posts of its home.")


def run(run: Run) -> Sequence[Figure]:
    """The figures; raises `WrongAnswers`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measured(run))


async def _measured(run: Run) -> Sequence[Figure]:
    settings, reed = run.servers.settings(), Reed(run.seed)
    posts = POSTS_QUICK if run.quick else POSTS
    zadds = Zadds(settings.redis.url, settings.redis.prefix, reed)
    worker = run.servers.agora(settings, "serve", "projections")
    ours, theirs = [], []
    async with open_mix_log(settings) as log, cached_homes(settings, log.pool) as homes:
        worker.start()
        try:
            run.tell("fan-out: 962 people follow each other and read their homes")
            await begun(settings, reed, log, homes)
            fan_out = FanOut(reed, log, homes)
            for number in range(run.rounds):
                run.tell(f"fan-out: round {number + 1} of {run.rounds}")
                ours.append(await fan_out.turn(posts))
                theirs.append(await asyncio.to_thread(zadds.turn, run.turn_s))
            run.tell("fan-out: the homes are compared with what was published")
            await fan_out.check()
            await asyncio.to_thread(zadds.check)
        finally:
            worker.kill()
            zadds.close()
    return [_figure(ours, theirs)]


async def begun(settings: Settings, reed: Reed, log: MixLog, homes: CachedHomes) -> None:
    """Everybody is there, follows, and has a timeline."""
    async with watching(settings.postgres.dsn, committed(settings)) as watcher:
        await log.append(await log.made(list(reed.beginnings())))
        await watcher.reached(log.ends)
    await homes.vouched(log.ends)
    await homes.fill(reed.people)


def _figure(ours: Sequence[Turn], theirs: Sequence[Turn]) -> Figure:
    return beside("fan-out, deliveries", ours, PEER, theirs, RATIO, DELIVERIES_MIN)
