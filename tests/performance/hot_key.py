"""`hot-key`: everybody likes one post, through the projection, beside an upsert for each like.

Both read the same records of the log, decode them, and write the likes and their count with their
place in the log, so that nothing is lost or doubled. Ours is handed as many records at once as
the lane of a worker that catches up.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import psycopg
import uvloop

from events.posts import ReactionSet
from events.topics import POSTS, Partition
from infra.collector import calm_collector
from infra.config import Settings
from infra.worker import progress
from infra.worker.lane import CONSUMED_RECORDS_MAX
from projections.models.posts import MODEL, REACTION_COUNTS
from tests.infra.worker.log_in_memory import MemoryLog
from tests.performance.bench import Run
from tests.performance.figures import Figure, Turn, WrongAnswers, at_rate, beside, within
from tests.performance.peers.hot_key_upserts import Upserts
from tests.projections.databases import Database, database

LIKES: Final = 100_000
LIKES_QUICK: Final = 20_000
PEER: Final = "an upsert per event"
RATIO: Final = 50.0
STATISTICS_S: Final = 15.0
PARTITION: Final = Partition(POSTS.name, 0)
POST: Final = UUID("01987654-0000-7000-8000-000000000001")
AUTHOR: Final = UUID("01987654-0000-7000-8000-000000000002")

_SEEN: Final = "select (select reactions from reaction_counts), (select count(*) from reactions)"
_WRITES: Final = """
    select coalesce(sum(n_tup_ins + n_tup_upd), 0)::bigint from pg_stat_all_tables
    where schemaname like %s and relname like %s"""


def run(run: Run) -> Sequence[Figure]:
    """The figures; raises `WrongAnswers`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measured(run))


async def _measured(run: Run) -> Sequence[Figure]:
    likes = LIKES_QUICK if run.quick else LIKES
    run.tell(f"hot-key: {likes} likes are written")
    log = liked(likes, run.seed)
    upserts = Upserts(run.servers.settings().postgres.dsn, log.entries[PARTITION])
    # As a worker does before it serves.
    calm_collector()
    ours, theirs, writes = [], [], []
    for number in range(run.rounds):
        run.tell(f"hot-key: round {number + 1} of {run.rounds}")
        settings = run.servers.settings()
        ours.append(await _folded(settings, log, likes))
        writes.append(float(await _writes(settings)))
        theirs.append(await asyncio.to_thread(upserts.turn, run.turn_s))
    await asyncio.to_thread(upserts.check)
    batches = -(-likes // CONSUMED_RECORDS_MAX) + 1
    return [
        beside(f"hot key, {likes} likes of one post", ours, PEER, theirs, RATIO),
        within("hot key, times that the count was written", writes, "batches", batches),
    ]


def liked(likes: int, seed: int) -> MemoryLog:
    """A log in which so many people like one post, each once."""
    log, dice = MemoryLog(), random.Random(seed)
    log.claim(PARTITION)
    for number in dice.sample(range(10 * likes), likes):
        person = UUID(int=(7 << 76) | (2 << 62) | number)
        like = ReactionSet(post_id=POST, thing_id=POST, thing_author_id=AUTHOR, person_id=person)
        log.decide(PARTITION, like, shard=str(POST))
    return log


async def _folded(settings: Settings, log: MemoryLog, likes: int) -> Turn:
    async with database(settings, MODEL) as opened:
        turn = await folded(opened, log, likes)
        await check(opened, likes)
    return turn


async def check(opened: Database, likes: int) -> None:
    """Raises `WrongAnswers` unless the read model holds so many likes, and counts them."""
    [seen] = await opened.fetch(_SEEN)
    if seen != (likes, likes):
        raise WrongAnswers(f"{likes} people like the post, the read model says {seen}.")


async def folded(opened: Database, log: MemoryLog, likes: int) -> Turn:
    """The projection's turn, from the first record to the last commit."""
    opened.log = log
    subscriber = opened.subscriber(MODEL)
    entries = log.entries[PARTITION]
    await subscriber.resume(PARTITION)
    began = time.perf_counter()
    for start in range(0, len(entries), CONSUMED_RECORDS_MAX):
        batch = progress.read(entries[start : start + CONSUMED_RECORDS_MAX])
        await subscriber.consume(PARTITION, batch)
    return at_rate(likes, time.perf_counter() - began)


async def _writes(settings: Settings) -> int:
    """How often the row with the count was written, by the server's own statistics.

    They come in once the connections that wrote are closed, a moment later.
    """
    names = (f"{settings.postgres.schema}%", f"{REACTION_COUNTS.name}%")
    connection = await psycopg.AsyncConnection.connect(settings.postgres.dsn, autocommit=True)
    async with connection, asyncio.timeout(STATISTICS_S):
        while True:
            cursor = await connection.execute(_WRITES, names)
            row = await cursor.fetchone()
            if row is not None and row[0]:
                return int(row[0])
            await asyncio.sleep(0.1)
