"""Where the time goes from one page to the other: when each post passed which place."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise
from typing import Final, NamedTuple
from uuid import UUID

import nats
from msgspec import Struct, field
from nats.aio.msg import Msg

from events import record
from events.record import Decision
from events.topics import POSTS, Partition
from infra.config import Settings
from infra.log.kafka import open_log
from infra.log.port import Log
from infra.log.topics import all_partitions
from infra.nats.items import Address, Scope, opened, subject_of
from tests.performance.figures import WrongAnswers
from tests.performance.loads.lags import Ack, lags
from tests.performance.loads.waiting import until
from tests.performance.loads.watching import Watcher

SEEN_S: Final = 60.0
STAGES: Final = (
    "asked to in the log (gateway, decide, append)",
    "in the log to committed (worker)",
    "committed to on NATS",
    "on NATS to the first page (gateway, judge)",
    "first to last page (writes)",
)


class Sent(NamedTuple):
    """A post that was published by HTTP: which one, and when it was asked for."""

    post: UUID
    at: float


class Passing(Struct, frozen=True):
    """When posts were first seen in the log, and where there, and when on NATS."""

    logged: dict[UUID, Ack] = field(default_factory=dict)
    told: dict[UUID, float] = field(default_factory=dict)

    async def whole(self, post: UUID, watcher: Watcher) -> None:
        """Waits until the post was seen everywhere: pages may be told before those who look."""

        async def seen() -> bool:
            return post in self.logged and post in self.told

        await until(seen, SEEN_S)
        await watcher.reached({self.logged[post].partition: self.logged[post].base}, SEEN_S)

    def committed(self, post: UUID, watcher: Watcher) -> float:
        """When its row was seen; raises `WrongAnswers`."""
        try:
            ack = self.logged[post]
            [lag] = lags([ack], watcher.seen)
        except (KeyError, ValueError) as unseen:
            raise WrongAnswers(f"Post {post} was not seen on its way: {unseen}") from unseen
        return ack.at + lag

    def stages(self, sent: Sent, watcher: Watcher, told: Sequence[float]) -> Iterator[float]:
        """Seconds of each stage; `told` is when pages were. Looks that came late count as none."""
        post = sent.post
        committed, on_nats = self.committed(post, watcher), self.told[post]
        places = [sent.at, self.logged[post].at, committed, on_nats, min(told), max(told)]
        for earlier, later in pairwise(places):
            yield max(0.0, later - earlier)


@asynccontextmanager
async def passing(settings: Settings, author: UUID) -> AsyncIterator[Passing]:
    """Looks at the log's end and at NATS while the block runs, for posts of one author."""
    seen = Passing()
    subject = subject_of(settings.nats, Address(Scope.AUTHOR, author))

    async def note(message: Msg) -> None:
        found = opened(settings.nats, message.subject, message.data)
        if found is not None:
            seen.told.setdefault(found[1].ids[0], time.perf_counter())

    client = await nats.connect(settings.nats.url)
    try:
        await client.subscribe(subject, cb=note)
        await client.flush()
        async with open_log(settings) as log, asyncio.TaskGroup() as group:
            starts = {one: await log.end(one) for one in all_partitions(settings, (POSTS,))}
            tailing = group.create_task(_tail(log, starts, seen))
            try:
                yield seen
            finally:
                tailing.cancel()
    finally:
        await client.close()


async def _tail(log: Log, starts: Mapping[Partition, int], seen: Passing) -> None:
    async with aclosing(log.tail(starts)) as tail:
        async for partition, entries in tail:
            at = time.perf_counter()
            for entry in entries:
                found = record.decode(entry.value)
                if isinstance(found, Decision):
                    post = UUID(found.shard)
                    seen.logged.setdefault(post, Ack(at, str(partition), entry.offset, 1))
