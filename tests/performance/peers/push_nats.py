"""What `push` stands on, alone: nats-py publishes, and a thousand subscriptions are called."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

from tests.performance.figures import Turn, WrongAnswers, turn

PAYLOAD_BYTES: Final = 160
"""As long as news of a post is."""
TOLD_S: Final = 60.0


class Subscriptions:
    """Subscriptions of one client to one subject, and what they were called with."""

    def __init__(self, publishing: Client, subject: str, count: int) -> None:
        self._publishing = publishing
        self._subject = subject
        self._count = count
        self._number = 0
        self._arrived = asyncio.Event()
        self.told: dict[bytes, list[float]] = {}

    async def subscribe(self, client: Client) -> None:
        """Opens all of them."""
        for _ in range(self._count):
            await client.subscribe(self._subject, cb=self._note)
        await client.flush()

    async def turn(self, messages: int, pause_s: float) -> Turn:
        """So many messages, one after the other; the latencies are those of every call."""
        latencies: list[float] = []
        began = time.perf_counter()
        async with asyncio.timeout(TOLD_S):
            for _ in range(messages):
                self._number += 1
                payload = str(self._number).encode().ljust(PAYLOAD_BYTES)
                self._arrived.clear()
                published = time.perf_counter()
                await self._publishing.publish(self._subject, payload)
                await self._publishing.flush()
                await self._arrived.wait()
                latencies += [at - published for at in self.told[payload]]
                await asyncio.sleep(pause_s)
        return turn(latencies, time.perf_counter() - began)

    def check(self) -> None:
        """Raises `WrongAnswers` unless everybody was called with each message once."""
        if {len(times) for times in self.told.values()} - {self._count}:
            raise WrongAnswers("NATS did not tell every subscription of every message once.")

    async def _note(self, message: Msg) -> None:
        times = self.told.setdefault(message.data, [])
        times.append(time.perf_counter())
        if len(times) >= self._count:
            self._arrived.set()


@asynccontextmanager
async def subscriptions(url: str, subject: str, count: int) -> AsyncIterator[Subscriptions]:
    """One connection that publishes, and one that has all subscriptions."""
    publishing, listening = await nats.connect(url), await nats.connect(url)
    try:
        made = Subscriptions(publishing, subject, count)
        await made.subscribe(listening)
        yield made
    finally:
        await publishing.close()
        await listening.close()
