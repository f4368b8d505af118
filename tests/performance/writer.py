"""The real router and writers in this process, over the real log and checkpoints."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from msgspec import Struct

from commands.ownership import owning
from commands.router import Router
from commands.writer.tools import Identity, Tools
from infra.checkpoints.postgres import open_checkpoints
from infra.collector import calm_collector
from infra.config import Settings
from infra.crypto import key_vault
from infra.crypto.digests import Digests
from infra.crypto.keyring import KeyRing, open_keyring
from infra.crypto.keys import load_key
from infra.crypto.uuid4 import drawing
from infra.log import topics
from infra.log.kafka import KafkaLog, open_log
from infra.postgres.pool import open_pool
from infra.postgres.schema import ensure
from infra.rpc.client import Channel
from infra.rpc.internal import InternalTokens

SERVED_S: Final = 1800.0


class Writing(Struct, frozen=True):
    """The way in, the log behind it, and the keys of what is sealed there."""

    router: Router
    log: KafkaLog
    keyring: KeyRing


@asynccontextmanager
async def writing(settings: Settings) -> AsyncIterator[Writing]:
    """Owns all partitions while the block runs, as a command process would, without its servers.

    Raises `TimeoutError` when it does not come to own them.
    """
    await topics.ensure(settings)
    digest_key = load_key("crypto.digest_key_file", settings.crypto.digest_key_file)
    master_key = load_key("crypto.master_key_file", settings.crypto.master_key_file)
    async with AsyncExitStack() as opened:
        pool = await opened.enter_async_context(open_pool(settings.postgres, role="bench"))
        await ensure(pool, settings, key_vault.TABLES)
        keyring = await open_keyring(pool, master_key)
        log = await opened.enter_async_context(open_log(settings))
        checkpoints = await opened.enter_async_context(open_checkpoints(settings))
        tools = Tools(
            Identity(f"bench-{uuid4().hex}", f"127.0.0.1:{settings.commands.port}"),
            log,
            checkpoints,
            keyring,
            Digests(digest_key).body,
            lambda: datetime.now(UTC),
            drawing(),
            random.Random(),
        )
        internal = InternalTokens(digest_key)
        owned = await opened.enter_async_context(
            owning(settings, tools, keyring, lambda endpoint: Channel(endpoint, internal))
        )
        calm_collector()
        async with asyncio.timeout(SERVED_S):
            # A log without state checkpoints is read from its start, however long it is.
            writers = owned.instance.writers.values()
            await asyncio.gather(*(writer.served() for writer in writers))
        yield Writing(owned.router, log, keyring)
