"""Hints over NATS: what is live news for whom, as ids and never as content.

Hints are worth having, not worth waiting for. Whatever NATS does, rows go on: while it is away or
slow hints are dropped and counted, and pages that lose touch start afresh.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final
from uuid import UUID

import msgspec
import nats
from msgspec import Struct
from nats.aio.client import Client
from nats.errors import Error as NatsError
from prometheus_client import Counter

from infra.config import NatsSettings
from infra.telemetry.metrics import REGISTRY

WAITING_MAX: Final = 10_000
_RECONNECT_S: Final = 1.0

PUBLISHED: Final = Counter(
    "agora_hints_total", "Hints by outcome (sent, dropped).", ["outcome"], registry=REGISTRY
)
_SENT: Final = PUBLISHED.labels("sent")
_DROPPED: Final = PUBLISHED.labels("dropped")

_log = logging.getLogger(__name__)
_encoder = msgspec.json.Encoder()


class LiveHint(Struct, frozen=True, omit_defaults=True):
    """What gateways receive: the kind of news, its ids, and the position that shows it."""

    kind: str
    partition: str
    offset: int
    ids: tuple[UUID, ...] = ()


def subject_of(settings: NatsSettings, account: UUID) -> str:
    """The subject of one account's news."""
    return f"{settings.prefix}live.{account}"


class Hints:
    """Takes hints at once and sends them when it can."""

    def __init__(self, settings: NatsSettings) -> None:
        self._settings = settings
        self._waiting: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(WAITING_MAX)

    def send(self, hints: Sequence[tuple[UUID, LiveHint]]) -> None:
        """Pass on hints for these accounts; those beyond what may wait are dropped."""
        for number, (account, hint) in enumerate(hints):
            try:
                subject = subject_of(self._settings, account)
                self._waiting.put_nowait((subject, _encoder.encode(hint)))
            except asyncio.QueueFull:
                _DROPPED.inc(len(hints) - number)
                return

    async def run(self) -> None:
        """Send for ever, through whatever connection there is."""
        while True:
            try:
                client = await nats.connect(
                    self._settings.url,
                    name="agora-projections",
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=_RECONNECT_S,
                    error_cb=_noted,
                )
            except (NatsError, OSError, TimeoutError) as problem:
                _log.warning("NATS is away, hints wait: %s", problem)
                await asyncio.sleep(_RECONNECT_S)
                continue
            try:
                await self._pass_on(client)
            finally:
                with suppress(NatsError, OSError, TimeoutError):
                    await client.close()

    async def _pass_on(self, client: Client) -> None:
        while True:
            subject, payload = await self._waiting.get()
            try:
                await client.publish(subject, payload)
                _SENT.inc()
            except NatsError as problem:
                _DROPPED.inc()
                _log.warning("A hint was dropped: %s", type(problem).__name__)


@asynccontextmanager
async def open_hints(settings: NatsSettings) -> AsyncIterator[Hints]:
    """A publisher whose connection is kept up in the background."""
    hints = Hints(settings)
    task = asyncio.create_task(hints.run(), name="hints")
    try:
        yield hints
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _noted(problem: Exception) -> None:
    _log.warning("NATS: %s", type(problem).__name__)
