"""Open pages that note when they are told of a post: a thousand of them in this process."""

import asyncio
import re
import resource
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Final, cast

from tests.performance.loads.waiting import until

TOLD_S: Final = 60.0
_POST: Final = re.compile(rb"event: post\ndata: [^\n]*?\"postId\":\"([^\"]+)\"[^\n]*\n")


class Tab(asyncio.Protocol):
    """One page on the live stream. `told` has the posts and when each arrived, in order."""

    def __init__(self, request: bytes, news: Callable[[], None]) -> None:
        self.told: list[tuple[str, float]] = []
        self.greeted = False
        self.reset = False
        self._request = request
        self._news = news
        self._waiting = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks."""
        # That of uvloop is none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Notes what arrived whole."""
        at = time.perf_counter()
        whole, _, self._waiting = (self._waiting + data).rpartition(b"\n\n")
        whole += b"\n"
        self.greeted |= b"event: hello\n" in whole
        self.reset |= b"event: reset\n" in whole
        for found in _POST.finditer(whole):
            self.told.append((found[1].decode(), at))
            self._news()

    def close(self) -> None:
        """Hangs up."""
        if self._transport is not None:
            self._transport.close()


class Tabs:
    """All of them."""

    def __init__(self) -> None:
        self.tabs: list[Tab] = []
        self._told = 0

    async def open(self, port: int, tokens: Sequence[str], count: int) -> None:
        """So many pages of the people in turns, greeted; raises `TimeoutError`."""
        loop = asyncio.get_running_loop()
        for number in range(count):
            token = tokens[number % len(tokens)]
            request = (
                "GET /v1/live?feed=home HTTP/1.1\r\nhost: agora\r\n"
                f"authorization: Bearer {token}\r\n\r\n"
            ).encode()
            opening = loop.create_connection(partial(Tab, request, self._news), "127.0.0.1", port)
            self.tabs.append((await opening)[1])

        async def greeted() -> bool:
            return all(tab.greeted for tab in self.tabs)

        await until(greeted, TOLD_S)

    async def all_told(self, posts: int) -> None:
        """Waits until every page was told of so many posts; raises `TimeoutError`."""

        async def told() -> bool:
            return self._told >= posts * len(self.tabs)

        await until(told, TOLD_S)

    def _news(self) -> None:
        self._told += 1


@asynccontextmanager
async def opened_tabs(port: int, tokens: Sequence[str], count: int) -> AsyncIterator[Tabs]:
    """Pages at the gateway of this port, closed at the end."""
    tabs = Tabs()
    with _many_files():
        try:
            await tabs.open(port, tokens, count)
            yield tabs
        finally:
            for tab in tabs.tabs:
                tab.close()


@contextmanager
def _many_files() -> Iterator[None]:
    """A connection is a file, and few may be open by default."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
