"""What somebody with very many followers waits for when they publish, beside somebody with few.

Both publish over HTTP as the page does, one post after the other, in an order that is drawn: what
the worker does for the followers of a post, and whatever else the machine does, comes upon either.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import aiohttp
import psycopg

from events.topics import POSTS
from infra.config import Settings
from infra.crypto.public_ids import PublicIds
from infra.log.kafka import open_log
from infra.log.topics import all_partitions
from schemas.gen import options_pb2
from tests.performance.fame import Stage
from tests.performance.figures import Turn, WrongAnswers, turn
from tests.performance.loads.reed_town import public_ids, served, tokens_of
from tests.performance.mixed_sites import PUBLISH, TIMEOUT_S, Agora
from tests.stack import Stack

START_S: Final = 300.0
"""Owners read all of such a log first: it is their first one."""
WARM_UP: Final = 50


class Acks:
    """The famous of a stage at their pages, and what was acknowledged to each."""

    def __init__(self, stage: Stage, site: Agora, ids: PublicIds, seed: int) -> None:
        self._stage = stage
        self._site = site
        self._ids = ids
        self._dice = random.Random(seed)

    async def turns(self, sizes: Sequence[int], posts: int) -> dict[int, Turn]:
        """So many posts of each who has so many followers."""
        order = [size for size in sizes for _ in range(posts)]
        self._dice.shuffle(order)
        took: dict[int, list[float]] = {size: [] for size in sizes}
        for size in order:
            took[size].append(await self.publish(self._stage.fame.stars[size]))
        return {size: turn(each, sum(each)) for size, each in took.items()}

    async def publish(self, author: UUID) -> float:
        """One post; seconds from the call to the answer. Raises `WrongAnswers`."""
        site, post = self._site, {"body": "Hello, everybody.", "audience": Agora.public}
        path, headers = site.path(PUBLISH, author), site.headers(author)
        began = time.perf_counter()
        async with site.session.post(path, headers=headers, json=post) as answer:
            told = await answer.json()
            took = time.perf_counter() - began
        if answer.status != 200:
            raise WrongAnswers(f"{answer.status} is the answer to a post: {told}")
        # Each is sent when the one before is answered, so they are in order at any clock.
        acked = datetime.now(UTC), self._ids.open(options_pb2.ID_POST, told["postId"])
        self._stage.fame.posts[author].append(acked)
        return took

    async def check(self, settings: Settings) -> None:
        """Raises `WrongAnswers` unless rows are what was acknowledged, and homes begin with it."""
        await self._stage.caught_up(await _ends(settings))
        await asyncio.to_thread(self._check_rows, settings)
        await self._stage.check()

    def _check_rows(self, settings: Settings) -> None:
        query = f"select post_id from {settings.postgres.schema}.posts where author_id = %s"
        with psycopg.connect(settings.postgres.dsn) as connection:
            for author, posts in self._stage.fame.posts.items():
                found = {post for (post,) in connection.execute(query.encode(), (author,))}
                if found != {post for _, post in posts}:
                    raise WrongAnswers(f"{len(posts)} posts were acked, {len(found)} are rows.")


@asynccontextmanager
async def acknowledging(stack: Stack, stage: Stage, seed: int) -> AsyncIterator[Acks]:
    """Agora in the place of the one who wrote the stage's log; everybody has published a bit."""
    settings = stage.settings
    await stage.release()
    ids, sizes = public_ids(settings), list(stage.fame.stars)
    with served(stack, settings, ("commands",), ("gateway", "queries"), within_s=START_S):
        async with aiohttp.ClientSession(
            f"http://127.0.0.1:{settings.gateway.port}",
            timeout=aiohttp.ClientTimeout(TIMEOUT_S),
        ) as session:
            site = Agora(tokens_of(settings, stage.fame.stars.values()), ids, session)
            acks = Acks(stage, site, ids, seed)
            await acks.turns(sizes, WARM_UP)
            yield acks


async def _ends(settings: Settings) -> dict[str, int]:
    """The last offset of every partition with posts."""
    async with open_log(settings) as log:
        return {str(one): await log.end(one) - 1 for one in all_partitions(settings, [POSTS])}
