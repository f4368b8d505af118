"""An open page: a client of `/v1/live` that reads in the background."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import httpx
from msgspec import Struct

from tests.flows.town import Someone

WITHIN_S: Final = 60.0


class Event(Struct, frozen=True):
    """One event; `at_s` is when it arrived, on the monotonic clock."""

    id: str
    name: str
    data: dict[str, Any]
    at_s: float


class Stream:
    """What one page was told so far."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.heartbeats = 0
        self.last_id = ""
        self.over = False
        self._changed = threading.Condition()

    @property
    def names(self) -> list[str]:
        """The names of all events, in order."""
        return [event.name for event in self.events]

    def of(self, name: str) -> list[dict[str, Any]]:
        """The data of all events of that name, in order."""
        return [event.data for event in self.events if event.name == name]

    def wait(self, name: str, times: int = 1, within_s: float = WITHIN_S) -> dict[str, Any]:
        """The data of the event of that name, once it has come so many times."""
        self.until(lambda: len(self.of(name)) >= times, f"{times} {name}", within_s)
        return self.of(name)[times - 1]

    def wait_end(self, within_s: float = WITHIN_S) -> None:
        """Waits until the server ends the stream."""
        self.until(lambda: self.over, "the end", within_s)

    def wait_heartbeats(self, times: int, within_s: float = WITHIN_S) -> None:
        """Waits for comments."""
        self.until(lambda: self.heartbeats >= times, f"{times} heartbeats", within_s)

    def read(self, lines: Iterator[str]) -> None:
        """Takes in lines, as the HTML standard says, until they end."""
        name, data = "", ""
        for line in lines:
            field, _, value = line.partition(": ")
            match field:
                case "id":
                    self.last_id = value
                case "event":
                    name = value
                case "data":
                    data += value
            with self._changed:
                self.heartbeats += line.startswith(":")
                if not line and data:
                    self.events.append(
                        Event(self.last_id, name, json.loads(data), time.monotonic())
                    )
                    name, data = "", ""
                self._changed.notify_all()

    def end(self) -> None:
        """Notes that nothing more will come."""
        with self._changed:
            self.over = True
            self._changed.notify_all()

    def until(self, holds: Callable[[], bool], what: str, within_s: float = WITHIN_S) -> None:
        """Waits until it holds."""
        with self._changed:
            assert self._changed.wait_for(holds, within_s), f"no {what} in {self.names}"


@contextmanager
def watching(
    who: Someone, *, last_id: str = "", greeted: bool = True, port: int = 0, **watched: Any
) -> Iterator[Stream]:
    """A page of `who` that watches a feed, an author, posts; it has been greeted."""
    stream = Stream()
    headers = {"Authorization": f"Bearer {who.token}"}
    if last_id:
        headers["Last-Event-ID"] = last_id
    port = port or who.town.settings.gateway.port
    url = f"http://127.0.0.1:{port}/v1/live"
    # A client of its own for each page would take longer to make than anything else here.
    streaming = who.town.http.stream("GET", url, headers=headers, params=watched, timeout=120.0)
    with streaming as answer:
        assert answer.status_code == 200, answer.read()
        reading = threading.Thread(target=_read, args=(stream, answer), daemon=True)
        reading.start()
        if greeted:
            stream.wait("hello")
        yield stream
        _hang_up(answer)
        reading.join(WITHIN_S)


def _read(stream: Stream, answer: httpx.Response) -> None:
    try:
        with suppress(httpx.TransportError, httpx.StreamError):
            stream.read(answer.iter_lines())
    finally:
        stream.end()


def _hang_up(answer: httpx.Response) -> None:
    """Closes the connection under whoever reads from it."""
    with suppress(OSError):
        answer.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
