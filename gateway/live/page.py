"""One open page: what it watches, what is queued for it, and how that is sent."""

import asyncio
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from uuid import UUID

from starlette.types import Receive, Send

from gateway.live.place import Place
from gateway.live.watches import Watch
from schemas.gen import live_pb2 as pb

Observe = Callable[[float], None]
"""Takes note of when NATS stored what was just sent, in Unix seconds."""


class Page:
    """A page from its registration to its end; `run` sends to it.

    Live news is for it beyond `floor`; up to `void` a reset has made news pointless. `owed` counts
    what cannot be told to it yet, by sequence. While it is `replaying`, it has not been told
    everything up to its floor. `gone` are the posts that it was told to take away.
    """

    def __init__(self, watch: Watch, expires_at: float, waiting_max: int) -> None:
        self.watch = watch
        self.viewer = pb.LiveViewer(account_id=str(watch.account), session_id=str(watch.session))
        self.expires_at = expires_at
        self.floor = sys.maxsize
        self.void = -1
        self.told = 0
        self.owed: Counter[int] = Counter()
        self.replaying = False
        self.gone: set[UUID] = set()
        self.sent_s = time.monotonic()
        self._waiting_max = waiting_max
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._greeting = b""
        self._wake = asyncio.Event()
        self._sending = False
        self._ended = False
        self._left = False

    @property
    def over(self) -> bool:
        """Whether there is nobody to be told any more."""
        return self._ended or self._left

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be sent, nor to be taken by the client."""
        return not self._waiting and not self._sending

    @property
    def has_room(self) -> bool:
        """Whether one more event may wait."""
        return len(self._waiting) < self._waiting_max

    def place(self, incarnation: int, sequence: int) -> Place:
        """Where the page is once it has been told what is at `sequence`. It never goes back."""
        self.told = max(self.told, sequence)
        return Place(incarnation, self.told, tuple(sorted(self.owed)))

    def greet(self, event: bytes) -> None:
        """Let an event be sent before all others, whatever becomes of those."""
        self._greeting = event
        self._wake.set()

    def put(self, event: bytes, stored_s: float = 0.0) -> None:
        """Let an event wait to be sent; `stored_s` is when NATS took what it tells, if it did."""
        if not self._ended:
            self._waiting.append((event, stored_s))
            self._wake.set()

    def owe(self, sequence: int) -> None:
        """Note that something of the sequence is still to come."""
        self.owed[sequence] += 1

    def settle(self, sequence: int) -> None:
        """Note that something owed of the sequence was told, or need not be."""
        self.owed[sequence] -= 1
        if self.owed[sequence] <= 0:
            del self.owed[sequence]

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting.clear()

    def end(self, event: bytes = b"") -> None:
        """End, with one last event in place of whatever waits."""
        if not self._ended:
            self.clear()
            if event:
                self.put(event)
            self._ended = True
            self._wake.set()

    async def run(self, receive: Receive, send: Send, observe: Observe) -> None:
        """Send until the page is ended or its client has left."""
        leaving = asyncio.create_task(self._until_left(receive))
        try:
            while not self._left:
                await self._wake.wait()
                self._wake.clear()
                await self._send_waiting(send, observe)
                if self._ended and not self._waiting:
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    return
        finally:
            self._left = True
            leaving.cancel()

    async def _send_waiting(self, send: Send, observe: Observe) -> None:
        waiting = [(self._greeting, 0.0), *self._waiting]
        self._greeting = b""
        self._waiting.clear()
        body = b"".join(event for event, _ in waiting)
        if not body or self._left:
            return
        self._sending = True
        await send({"type": "http.response.body", "body": body, "more_body": True})
        self._sending = False
        self.sent_s = time.monotonic()
        for _, stored_s in waiting:
            if stored_s:
                observe(stored_s)

    async def _until_left(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._left = True
        self._wake.set()
