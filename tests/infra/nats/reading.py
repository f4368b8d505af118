"""A reader at work in a test, and what it has read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from infra.config_servers import NatsSettings
from infra.nats.items import Address, Item, lost_subject, opened
from infra.nats.reader import Began, Message, Reader

WITHIN_S = 20.0


class Read:
    """Everything that was read so far, oldest first; `losses` counts the marks in it."""

    def __init__(self, settings: NatsSettings) -> None:
        self._settings = settings
        self.began: list[Began] = []
        self.messages: list[Message] = []
        self.losses = 0
        self._more = asyncio.Event()

    def add(self, one: Began | Message) -> None:
        """Keeps it."""
        if isinstance(one, Began):
            self.began.append(one)
        else:
            self.messages.append(one)
            self.losses += one.subject == lost_subject(self._settings)
        self._more.set()

    @property
    def items(self) -> list[tuple[Address, Item] | None]:
        """The items; None is the mark of a loss."""
        return [opened(self._settings, one.subject, one.payload) for one in self.messages]

    async def until(self, beginnings: int = 1, messages: int = 0, losses: int = 0) -> None:
        """Waits until that much was read."""
        async with asyncio.timeout(WITHIN_S):
            while (
                len(self.began) < beginnings
                or len(self.messages) < messages
                or self.losses < losses
            ):
                self._more.clear()
                await self._more.wait()

    async def until_item(self, item: tuple[Address, Item]) -> None:
        """Waits until it was read."""
        async with asyncio.timeout(WITHIN_S):
            while item not in self.items:
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def reading(settings: NatsSettings, backlog: int = 1000) -> AsyncIterator[Read]:
    """A reader that reads all the time, once it has begun."""
    read = Read(settings)

    async def run() -> None:
        async with aclosing(Reader(settings, backlog).read()) as arrivals:
            async for one in arrivals:
                read.add(one)

    task = asyncio.create_task(run())
    try:
        yield read
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()
