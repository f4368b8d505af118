"""`push`: from the committed row to a thousand open pages at one gateway, beside NATS alone.

Somebody with many followers publishes, one post after the other; the pages are those of the
followers, several for each. The pages and those who look at the way in between live in this
process, as the peer's subscriptions do. Looks at what is committed are some 2 ms apart.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import aiohttp
import uvloop

from infra.rpc.metadata import IDEMPOTENCY_KEY
from schemas.gen import options_pb2
from tests.performance.bench import Run
from tests.performance.figures import Figure, Turn, WrongAnswers, latency, turn, within
from tests.performance.live_lag import committed
from tests.performance.loads.reed import Reed
from tests.performance.loads.reed_town import ReedTown, reed_town
from tests.performance.loads.society import request_id
from tests.performance.loads.watching import Watcher, watching
from tests.performance.peers.push_nats import subscriptions
from tests.performance.push_stages import STAGES, Passing, Sent, passing
from tests.performance.push_tabs import Tabs, opened_tabs
from tests.stack import Stack

TABS: Final = 1000
TABS_QUICK: Final = 200
POSTS: Final = 40
POSTS_QUICK: Final = 5
ROUNDS: Final = 3
PAUSE_S: Final = 0.05
WITHIN_MS: Final = 50.0
PEER: Final = "nats-py to as many subscriptions"


class Pushes:
    """Somebody who publishes, and the pages that must be told."""

    def __init__(
        self,
        town: ReedTown,
        author: UUID,
        session: aiohttp.ClientSession,
        tabs: Tabs,
        passing: Passing,
        watcher: Watcher,
    ) -> None:
        self._town = town
        self._session = session
        self._passing = passing
        self._watcher = watcher
        self._token = town.tokens[author]
        self.tabs = tabs
        self.published: list[str] = []
        self.stages: list[list[float]] = []

    async def turn(self, posts: int) -> Turn:
        """So many posts; latencies run from the commit to each page."""
        latencies: list[float] = []
        began = time.perf_counter()
        for _ in range(posts):
            sent = await self._publish()
            await self.tabs.all_told(len(self.published))
            told = [tab.told[-1][1] for tab in self.tabs.tabs]
            await self._passing.whole(sent.post, self._watcher)
            done = self._passing.committed(sent.post, self._watcher)
            latencies += [max(0.0, at - done) for at in told]
            self.stages.append(list(self._passing.stages(sent, self._watcher, told)))
            await asyncio.sleep(PAUSE_S)
        return turn(latencies, time.perf_counter() - began)

    async def _publish(self) -> Sent:
        at = time.perf_counter()
        post = {"body": f"Number {len(self.published)}.", "audience": "AUDIENCE_PUBLIC"}
        headers = {"Authorization": f"Bearer {self._token}", IDEMPOTENCY_KEY: request_id()}
        async with self._session.post("/v1/posts", json=post, headers=headers) as answer:
            if answer.status != 200:
                raise WrongAnswers(f"A post was answered {answer.status}: {await answer.text()}")
            told = str((await answer.json())["postId"])
        self.published.append(told)
        return Sent(self._town.ids.open(options_pb2.ID_POST, told), at)

    def check(self) -> None:
        """Raises `WrongAnswers` unless each page was told of each post once, in order."""
        for tab in self.tabs.tabs:
            if tab.reset or [post for post, _ in tab.told] != self.published:
                raise WrongAnswers("A page was not told of every post once and in order.")


def run(run: Run) -> Sequence[Figure]:
    """The figures; raises `WrongAnswers`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measured(run))


async def _measured(run: Run) -> Sequence[Figure]:
    tabs = TABS_QUICK if run.quick else TABS
    posts = POSTS_QUICK if run.quick else POSTS
    ours, theirs = [], []
    run.tell(f"push: {tabs} pages open at one gateway")
    async with (
        pushes(run.servers, run.seed, tabs) as subject,
        subscriptions(run.servers.settings().nats.url, "bench.push", tabs) as peer,
    ):
        for number in range(1 if run.quick else ROUNDS):
            run.tell(f"push: round {number + 1}")
            ours.append(await subject.turn(posts))
            theirs.append(await peer.turn(posts, PAUSE_S))
        subject.check()
        peer.check()
        stages = list(zip(*subject.stages, strict=True))
    return [
        latency(f"push, commit to {tabs} pages", ours, WITHIN_MS, PEER, theirs),
        *(_stage(number, name, stages[number]) for number, name in enumerate(STAGES)),
    ]


@asynccontextmanager
async def pushes(stack: Stack, seed: int, tabs: int) -> AsyncIterator[Pushes]:
    """Everything in place: the town, its pages, and those who look."""
    reed = Reed(seed)
    author = max(reed.people, key=lambda one: (len(reed.followers[one]), one))
    async with (
        reed_town(stack, reed, []) as town,
        passing(town.settings, author) as seen,
        watching(town.settings.postgres.dsn, committed(town.settings)) as watcher,
        aiohttp.ClientSession(town.address) as session,
    ):
        tokens = [town.tokens[one] for one in reed.followers[author]]
        async with opened_tabs(town.settings.gateway.port, tokens, tabs) as opened:
            yield Pushes(town, author, session, opened, seen, watcher)


def _stage(number: int, name: str, seconds: Sequence[float]) -> Figure:
    each_ms = [one * 1000 for one in seconds]
    return within(f"push, stage {number + 1}: {name}", each_ms, "ms", None)
