"""Opens what commands about builds work with: the log, the database, and who does it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct

from cli.operator import operator_name
from cli.reaching import patient_log, require_topics
from infra.config import Settings
from infra.crypto import key_vault
from infra.crypto.keyring import KeyRing, open_keyring
from infra.crypto.keys import load_key
from infra.log.kafka import KafkaLog
from infra.postgres.pool import Pool, open_pool
from infra.postgres.schema import ensure
from projections.builds import ensure_tables


class Opened(Struct, frozen=True):
    """The database, the log, and the keys of personal data."""

    pool: Pool
    log: KafkaLog
    keys: KeyRing


@asynccontextmanager
async def looked_at(settings: Settings) -> AsyncIterator[tuple[Pool, KafkaLog]]:
    """The database and the log, for whoever changes nothing. Raises Failure without topics."""
    await require_topics(settings)
    async with (
        open_pool(settings.postgres, role="rebuild", read_only=True) as pool,
        patient_log(settings) as log,
    ):
        yield pool, log


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Opened]:
    """The log and the database, with the tables that builds are listed in."""
    await require_topics(settings)
    async with patient_log(settings) as log, open_pool(settings.postgres, role="rebuild") as pool:
        await ensure(pool, settings, key_vault.TABLES)
        await ensure_tables(pool, settings)
        crypto = settings.crypto
        keys = await open_keyring(pool, load_key("crypto.master_key_file", crypto.master_key_file))
        yield Opened(pool, log, keys)


def who() -> str:
    """Who runs this command, as others are told."""
    return f"{operator_name()} (process {os.getpid()})"
