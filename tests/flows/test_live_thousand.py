"""A thousand open pages on one gateway: all are told, each costs little, and it ends at once."""

import asyncio
import os
import resource
import signal
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from infra.local.process import Process
from tests.flows.test_posts import act, publish
from tests.flows.town import Someone, Town

pytestmark = pytest.mark.flows

PEOPLE: Final = 50
TABS: Final = 20
POSTS: Final = 5
ALL_TOLD_S: Final = 120.0
STREAM_BYTES_MAX: Final = 100_000
ENDED_S: Final = 60.0


class Tab(asyncio.Protocol):
    """An open page that only counts: what it is sent is kept as it is."""

    def __init__(self, request: bytes) -> None:
        self.received = bytearray()
        self.closed = False
        self._request = request
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Keeps what comes."""
        self.received += data

    def connection_lost(self, exc: Exception | None) -> None:
        """Notes the end."""
        self.closed = True

    def told(self, event: bytes) -> int:
        """How many events of that name arrived."""
        return self.received.count(b"event: " + event + b"\n")

    def close(self) -> None:
        """Hangs up."""
        if self._transport is not None:
            self._transport.close()


async def test_a_thousand_pages_are_told_and_cost_little(mended: Town) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        await _thousand(mended)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _thousand(town: Town) -> None:
    ana = town.newcomer()
    with ThreadPoolExecutor(8) as threads:
        people = list(threads.map(lambda _: _follower(town, ana), range(PEOPLE)))
    gateway = town.processes["gateway"]
    before = _resident_bytes(gateway)
    async with _tabs(town, people) as tabs:
        await _until(lambda: all(tab.told(b"hello") == 1 for tab in tabs), "greetings")
        opened = (_resident_bytes(gateway) - before) / len(tabs)
        published = [await asyncio.to_thread(publish, ana, f"{n}.") for n in range(POSTS)]
        await _until(lambda: all(tab.told(b"post") == POSTS for tab in tabs), "posts")
        for tab in tabs:
            places = [tab.received.index(post.encode()) for post in published]
            assert places == sorted(places)
        assert not any(tab.told(b"reset") for tab in tabs)
        told = (_resident_bytes(gateway) - before) / len(tabs)
        assert max(opened, told) < STREAM_BYTES_MAX
        os.kill(gateway.pid, signal.SIGTERM)
        assert await asyncio.to_thread(gateway.wait, ENDED_S)
        assert gateway.exit_status == 0
        await _until(lambda: all(tab.closed for tab in tabs), "ends")


def _follower(town: Town, ana: Someone) -> Someone:
    person = town.newcomer()
    # Registered in one partition, followed in another: each answer's position is waited for.
    person.see("/v1/account")
    act(person, "PUT", f"/v1/people/{ana.id}/follow", after=ana)
    person.see("/v1/account")
    return person


@asynccontextmanager
async def _tabs(town: Town, people: list[Someone]) -> AsyncIterator[list[Tab]]:
    loop = asyncio.get_running_loop()
    tabs: list[Tab] = []
    try:
        for person in people:
            request = (
                "GET /v1/live?feed=home HTTP/1.1\r\nhost: agora\r\n"
                f"authorization: Bearer {person.token}\r\n\r\n"
            ).encode()
            for _ in range(TABS):
                port = town.settings.gateway.port
                opening = loop.create_connection(partial(Tab, request), "127.0.0.1", port)
                tabs.append((await opening)[1])
        yield tabs
    finally:
        for tab in tabs:
            tab.close()


async def _until(holds: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + ALL_TOLD_S
    while not holds():
        assert time.monotonic() < deadline_s, f"not all {what} in {ALL_TOLD_S} s"
        await asyncio.sleep(0.05)


def _resident_bytes(process: Process) -> int:
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()
