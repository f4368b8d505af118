"""Reads live news: one consumer per gateway, in order, without silent gaps.

The server pushes and never waits for acknowledgements. What a broken connection or a full buffer
swallowed shows as a step in the consumer's own count, or as silence where a heartbeat is due; the
consumer is then made anew behind the last message that arrived.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Final

from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from infra.config_servers import NatsSettings
from infra.nats.connection import AWAY, RECONNECT_S, Troubles, connected, heed_cancellation
from infra.nats.stream import ensured, stream_name

HEARTBEAT_S: Final = 1.0
SILENCE_S: Final = 2.5
_UNUSED_S: Final = 30.0
_WAITING_MAX: Final = 10_000
_PENDING_MAX: Final = 1 << 16
_LAST_DELIVERED: Final = "Nats-Last-Consumer"

_log = logging.getLogger(__name__)


class Began(Struct, frozen=True):
    """Reading begins: in which incarnation of the stream, at which sequence, and the last so far.

    `first` is above `last` when there is nothing to be read yet.
    """

    incarnation: int
    first: int
    last: int


class Message(Struct, frozen=True):
    """One message of the stream. `stored_s` is when NATS took it, in Unix seconds."""

    sequence: int
    subject: str
    payload: bytes
    stored_s: float


class _Gap(Exception):
    """Messages went astray between the server and here: they are still in the stream."""


class Reader:
    """Reads the stream from its last `backlog` messages on. For one `read` at a time."""

    def __init__(self, settings: NatsSettings, backlog: int) -> None:
        self._settings = settings
        self._backlog = backlog
        self._incarnation = 0
        self._next = 0
        self._arrived: asyncio.Queue[Msg | None] = asyncio.Queue(_WAITING_MAX)
        self._troubles = Troubles("pages get no news")

    async def read(self) -> AsyncGenerator[Began | Message, None]:
        """Messages for ever. Whenever it had to begin again, first how the stream was found.

        Within one incarnation it goes on where it was. A beginning or a message beyond the one that
        was due means that the stream has dropped what lay between.
        """
        client = await connected(
            self._settings, "agora-gateway", self._troubles, reconnected_cb=self._begin_again
        )
        try:
            while True:
                heed_cancellation()
                try:
                    async with aclosing(self._attempt(client)) as attempt:
                        async for one in attempt:
                            yield one
                except _Gap:
                    _log.info("live news went astray, reading it again from the stream")
                except AWAY as problem:
                    await self._troubles.note(problem)
                    await asyncio.sleep(RECONNECT_S)
        finally:
            with suppress(*AWAY):
                await client.close()

    async def _begin_again(self) -> None:
        with suppress(asyncio.QueueFull):
            self._arrived.put_nowait(None)

    async def _attempt(self, client: Client) -> AsyncGenerator[Began | Message, None]:
        """One consumer, for as long as nothing goes astray. Raises _Gap and what NATS raises."""
        stream = client.jetstream()
        found = await ensured(stream, self._settings)
        if found.incarnation != self._incarnation or found.last + 1 < self._next:
            self._incarnation = found.incarnation
            self._next = found.last + 1 - self._backlog
        self._next = max(self._next, found.first)
        yield Began(found.incarnation, self._next, found.last)
        self._arrived = asyncio.Queue(_WAITING_MAX)
        inbox = client.new_inbox()
        subscription = await client.subscribe(inbox, cb=self._put, pending_msgs_limit=_PENDING_MAX)
        try:
            config = _consumer(inbox, self._next)
            await stream.add_consumer(stream_name(self._settings), config)
            heed_cancellation()
            async with aclosing(self._messages()) as messages:
                async for message in messages:
                    yield message
        finally:
            with suppress(*AWAY):
                await subscription.unsubscribe()

    async def _messages(self) -> AsyncGenerator[Message, None]:
        delivered = 0
        while True:
            async with asyncio.timeout(SILENCE_S):
                arrived = await self._arrived.get()
            if arrived is None:
                raise _Gap
            if arrived.headers is not None and "Status" in arrived.headers:
                if int(arrived.headers.get(_LAST_DELIVERED, delivered)) != delivered:
                    raise _Gap
                continue
            place = arrived.metadata
            delivered += 1
            if place.sequence.consumer != delivered:
                raise _Gap
            self._next = place.sequence.stream + 1
            stored_s = place.timestamp.timestamp()
            yield Message(place.sequence.stream, arrived.subject, arrived.data, stored_s)

    async def _put(self, message: Msg) -> None:
        await self._arrived.put(message)


def _consumer(inbox: str, start: int) -> ConsumerConfig:
    """A consumer that pushes, keeps no state, and vanishes when nobody listens."""
    return ConsumerConfig(
        deliver_subject=inbox,
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=start,
        ack_policy=AckPolicy.NONE,
        max_deliver=1,
        mem_storage=True,
        num_replicas=1,
        idle_heartbeat=HEARTBEAT_S,
        inactive_threshold=_UNUSED_S,
    )
