"""Cables between single processes and the servers they use, which can be cut while both go on.

Each is a relay of its own, in a thread beside the run, since processes start before the run does.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from itertools import chain
from typing import Any, Final, TypeVar

from tests.relay import Relay, Way, relaying

LAID: Final = (
    "commands kafka",
    "workers kafka",
    "workers postgres",
    "workers nats",
    "gateway queries",
    "gateway nats",
    "queries redis",
)
"""Which can be cut: whose process, and what it talks to."""

LOOPBACK: Final = "127.0.0.1"
ANSWER_S: Final = 10.0

T = TypeVar("T")


class Cables:
    """Cables by name. `close` ends them all."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._relays: defaultdict[str, list[Relay]] = defaultdict(list)
        self._opened = AsyncExitStack()

    def lay(self, name: str, port: int) -> int:
        """A cable to the server at this port; the port at its near end.

        Those to several servers, laid under one name, are cut together.
        """
        assert name in LAID, name
        return self._run(self._lay(name, port))

    def cut(self, name: str, way: Way) -> None:
        """Nothing passes that way from now on; what is under way waits."""
        for relay in self._relays[name]:
            self._loop.call_soon_threadsafe(relay.silence, way)

    def mend(self) -> None:
        """Everything passes again, and what waited arrives."""
        for relay in chain.from_iterable(self._relays.values()):
            self._loop.call_soon_threadsafe(relay.resume)

    def close(self) -> None:
        """Cuts all of them off."""
        try:
            self._run(self._opened.aclose())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(ANSWER_S)
            self._loop.close()

    async def _lay(self, name: str, port: int) -> int:
        relay = Relay()
        self._relays[name].append(relay)
        return await self._opened.enter_async_context(relaying(relay, LOOPBACK, port))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_S)
