"""Publishes live news: accepts it at once, sends it when NATS can, and reports any loss.

News is worth having, not worth waiting for: whatever NATS does, rows go on. Single items are sent
without waiting for an answer each, so some may be lost when a connection breaks or too many wait.
Whenever that can have happened, a mark follows which tells every gateway so; the mark alone is
sent until NATS has confirmed it.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from prometheus_client import Counter

from infra.config_servers import NatsSettings
from infra.nats.connection import AWAY, RECONNECT_S, Troubles, connected, heed_cancellation
from infra.nats.items import Address, Item, encoded, lost_subject, subject_of
from infra.nats.stream import ensured
from infra.telemetry.metrics import REGISTRY

WAITING_MAX: Final = 10_000
PUBLISHED_TOGETHER_MAX: Final = 100
"""So many go out between two looks at whether there still is a way, and a wish to go on."""
QUIET_S: Final = 0.5
"""A mark waits for this long without further losses: troubles come in crowds."""
QUIET_S_MAX: Final = 5.0
"""But not longer than this."""
_FLUSH_S: Final = 1

PUBLISHED: Final = Counter(
    "agora_live_published_total",
    "Live news by outcome (sent, dropped, marked: told that some may be lost).",
    ["outcome"],
    registry=REGISTRY,
)
_SENT: Final = PUBLISHED.labels("sent")
_DROPPED: Final = PUBLISHED.labels("dropped")
_MARKED: Final = PUBLISHED.labels("marked")

_log = logging.getLogger(__name__)


class Publisher:
    """Sends items and marks while `run` runs; `send` and `lost` return at once."""

    def __init__(self, settings: NatsSettings) -> None:
        self._settings = settings
        self._waiting: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(WAITING_MAX)
        self._losses = _Losses()
        self._connected = asyncio.Event()
        self._way_open = asyncio.Event()
        self._troubles = Troubles("news of changes waits")

    def send(self, items: Sequence[tuple[Address, Item]]) -> None:
        """Pass on items; those beyond what may wait are dropped, and that is told."""
        for number, (address, item) in enumerate(items):
            try:
                subject = subject_of(self._settings, address)
                self._waiting.put_nowait((subject, encoded(item)))
            except asyncio.QueueFull:
                _DROPPED.inc(len(items) - number)
                self.lost("too many items wait for NATS")
                return

    def lost(self, why: str) -> None:
        """Note that items may be missing: everybody will be told to look anew."""
        if not self._losses.noted:
            _log.info("Live news may be missing: %s", why)
        self._losses.note()

    async def run(self) -> None:
        """Send for ever, through whatever connection there is."""
        while True:
            heed_cancellation()
            try:
                await self._sending()
            except Exception:
                _log.exception("sending live news failed, it begins again")
                self.lost("a bug")
                await asyncio.sleep(RECONNECT_S)

    async def _sending(self) -> None:
        client = await connected(
            self._settings,
            "agora-projections",
            self._troubles,
            disconnected_cb=self._disconnected,
            reconnected_cb=self._reconnected,
        )
        try:
            await self._reconnected()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._open_way(client.jetstream()))
                tasks.create_task(self._pass_on(client))
                tasks.create_task(self._mark_losses(client.jetstream()))
        finally:
            self._way_open.clear()
            with suppress(*AWAY):
                await client.flush(_FLUSH_S)
            with suppress(*AWAY):
                await client.close()

    async def flush(self) -> None:
        """Wait for what waits to be sent, for a second at most: for the end of the process."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_FLUSH_S):
                await self._waiting.join()

    async def _disconnected(self) -> None:
        self._way_open.clear()
        self.lost("the connection to NATS broke")

    async def _reconnected(self) -> None:
        self._connected.set()

    async def _open_way(self, stream: JetStreamContext) -> None:
        """After each connect: what is published before there is a stream would not be kept."""
        while True:
            heed_cancellation()
            await self._connected.wait()
            try:
                await ensured(stream, self._settings)
            except AWAY as problem:
                await self._troubles.note(problem)
                await asyncio.sleep(RECONNECT_S)
            else:
                self._connected.clear()
                self._way_open.set()

    async def _pass_on(self, client: Client) -> None:
        while True:
            heed_cancellation()
            first = await self._waiting.get()
            await self._way_open.wait()
            await self._publish(client, *first)
            for _ in range(min(self._waiting.qsize(), PUBLISHED_TOGETHER_MAX)):
                await self._publish(client, *self._waiting.get_nowait())

    async def _publish(self, client: Client, subject: str, payload: bytes) -> None:
        try:
            await client.publish(subject, payload)
            _SENT.inc()
        except NatsError as problem:
            _DROPPED.inc()
            self.lost(type(problem).__name__)
        finally:
            self._waiting.task_done()

    async def _mark_losses(self, stream: JetStreamContext) -> None:
        while True:
            heed_cancellation()
            await self._losses.settled()
            await self._way_open.wait()
            try:
                await stream.publish(lost_subject(self._settings))
                _MARKED.inc()
            except AWAY as problem:
                await self._troubles.note(problem)
                self._connected.set()  # The stream itself may be gone.
                self._losses.note()


class _Losses:
    """Losses since the last mark, and when to tell of them."""

    def __init__(self) -> None:
        self._first_s = 0.0
        self._last_s = 0.0
        self._any = asyncio.Event()

    @property
    def noted(self) -> bool:
        return self._any.is_set()

    def note(self) -> None:
        self._last_s = time.monotonic()
        if not self._any.is_set():
            self._first_s = self._last_s
            self._any.set()

    async def settled(self) -> None:
        """Returns once there were losses and it has become quiet; then all are settled."""
        await self._any.wait()
        while True:
            due_s = min(self._last_s + QUIET_S, self._first_s + QUIET_S_MAX)
            left_s = due_s - time.monotonic()
            if left_s <= 0:
                break
            await asyncio.sleep(left_s)
        self._any.clear()


@asynccontextmanager
async def open_publisher(settings: NatsSettings) -> AsyncIterator[Publisher]:
    """A publisher whose connection is kept up in the background."""
    publisher = Publisher(settings)
    task = asyncio.create_task(publisher.run(), name="live news")
    try:
        yield publisher
        await publisher.flush()
    finally:
        task.cancel()
        await asyncio.wait([task])
