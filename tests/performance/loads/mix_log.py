"""Events appended to the log as the one owner of every partition would, ready made beforehand."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import uuid4

from cli.generated_history import Happening
from events import codec, record
from events.catalog import stream_of
from events.event import type_of
from events.record import Claim, Decision, Release
from events.topics import PEOPLE, POSTS, Partition, partition_number
from infra.config import Settings
from infra.crypto import key_vault
from infra.crypto.keyring import KeyRing, open_keyring
from infra.crypto.keys import load_key
from infra.log import topics
from infra.log.kafka import open_log
from infra.log.port import Appender
from infra.log.topics import all_partitions, partition_count
from infra.postgres.pool import Pool, open_pool
from infra.postgres.schema import ensure
from infra.worker import checkpoints
from tests.performance.loads.lags import Ack

TOPICS = (PEOPLE, POSTS)
BATCH_MAX: Final = 10_000
"""Records of half a kilobyte or so, which a batch of Kafka has room for."""


class Made(NamedTuple):
    """A record that is ready to be appended."""

    partition: Partition
    key: bytes
    value: bytes


class MixLog:
    """The log of one deployment, of which nobody else is a writer."""

    def __init__(
        self, settings: Settings, pool: Pool, keys: KeyRing, appenders: dict[Partition, Appender]
    ) -> None:
        self.settings = settings
        self.pool = pool
        self.ends: dict[str, int] = {}
        self._keys = keys
        self._appenders = appenders
        self._counts = {topic: partition_count(settings, topic) for topic in TOPICS}
        self._epoch = uuid4()

    async def claim(self) -> None:
        """Own every partition, all of which are empty."""
        claim = Claim(self._epoch, None, "bench", "", datetime.now(UTC))
        await self.append([Made(one, b"", record.encode(claim)) for one in self._appenders])

    async def release(self) -> None:
        """Lay the claims down, so that the next owner need not wait."""
        release = Release(uuid4(), self._epoch, datetime.now(UTC))
        await self.append([Made(one, b"", record.encode(release)) for one in self._appenders])

    async def made(self, happenings: Sequence[Happening], *, now: bool = True) -> list[Made]:
        """A record for each, as of now, or else of the time that each says."""
        sealing = {one.actor for one in happenings if codec.PERSONAL_FIELDS[type_of(one.event)]}
        await self._keys.ensure(list(sealing))
        at = datetime.now(UTC)
        return [self._made(one, at if now else one.at) for one in happenings]

    async def append(self, records: Sequence[Made]) -> list[Ack]:
        """Appends them, in order for each partition; when which part was acknowledged."""
        by_partition: defaultdict[Partition, list[tuple[bytes, bytes]]] = defaultdict(list)
        for one in records:
            by_partition[one.partition].append((one.key, one.value))
        acks = await asyncio.gather(*(self._append(*each) for each in by_partition.items()))
        return [ack for each in acks for ack in each]

    async def _append(self, partition: Partition, records: list[tuple[bytes, bytes]]) -> list[Ack]:
        acks = []
        for start in range(0, len(records), BATCH_MAX):
            batch = records[start : start + BATCH_MAX]
            base = await self._appenders[partition].append(batch)
            self.ends[str(partition)] = base + len(batch) - 1
            acks.append(Ack(time.perf_counter(), str(partition), base, len(batch)))
        return acks

    def _made(self, one: Happening, at: datetime) -> Made:
        shard, stream = str(one.shard), stream_of(one.event)
        decision = Decision(
            id=uuid4(),
            epoch=self._epoch,
            shard=shard,
            stream=stream,
            rpc="bench",
            at=at,
            facts=(codec.encode(one.event, stream, one.version, self._keys),),
            actor=one.actor,
        )
        number = partition_number(shard, self._counts[one.topic])
        return Made(Partition(one.topic.name, number), shard.encode(), record.encode(decision))


@asynccontextmanager
async def open_mix_log(settings: Settings) -> AsyncIterator[MixLog]:
    """The empty log of these settings, claimed."""
    await topics.ensure(settings)
    async with AsyncExitStack() as opened:
        pool = await opened.enter_async_context(open_pool(settings.postgres, role="bench"))
        await ensure(pool, settings, [*key_vault.TABLES, *checkpoints.DDL])
        master = load_key("crypto.master_key_file", settings.crypto.master_key_file)
        log = await opened.enter_async_context(open_log(settings))
        appenders: dict[Partition, Appender] = {}
        for partition in all_partitions(settings, TOPICS):
            appenders[partition] = await log.appender(partition)
            opened.push_async_callback(appenders[partition].close)
        made = MixLog(settings, pool, await open_keyring(pool, master), appenders)
        await made.claim()
        yield made
