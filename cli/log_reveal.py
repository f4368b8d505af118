"""Decisions as documents, with personal fields hidden, or opened on request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from cli.output import FAILED, Failure
from events.record import DamagedRecord, Decision
from events.topics import Partition
from infra.config import Settings
from infra.crypto.key_vault import TABLES
from infra.crypto.keyring import KeyRing, open_keyring
from infra.crypto.keys import load_keys
from infra.log.cloudevents import CloudEvent, documents, persons_of
from infra.postgres.pool import open_pool
from infra.postgres.schema import ensure

Reveal = Annotated[
    bool, typer.Option("--reveal", help="Show personal fields; needs the master key.")
]


class Reader:
    """Makes documents of decisions; with a key ring it opens what is sealed."""

    def __init__(self, ring: KeyRing | None) -> None:
        self._ring = ring

    async def documents(
        self, partition: Partition, offset: int, decision: Decision
    ) -> list[CloudEvent]:
        """The decision's events. Raises Failure for damage, and for a key that is not there."""
        try:
            if self._ring is not None:
                await self._ring.load(sorted(persons_of(decision)))
            return documents(partition, offset, decision, self._ring)
        except (DamagedRecord, KeyError) as error:
            message = f"{partition} at offset {offset} cannot be shown: {error}"
            raise Failure(message, "agora log check", FAILED) from error


@asynccontextmanager
async def reading(settings: Settings, reveal: bool) -> AsyncIterator[Reader]:
    """A reader. To reveal takes the master key and PostgreSQL: raises SettingError, Unavailable."""
    if not reveal:
        yield Reader(None)
        return
    keys = load_keys(settings)
    async with open_pool(settings.postgres, role="cli") as pool:
        await ensure(pool, settings, TABLES)
        yield Reader(await open_keyring(pool, keys.master))
