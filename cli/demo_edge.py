"""The public API as the demo's threads call it: one connection each, retrying every request.

The standard library's client, because it costs a tenth of what the others do, and here client and
servers share the machine.
"""

import random
import threading
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from cli.output import UNUSABLE, Failure

TIMEOUT_S: Final = 15.0
PATIENCE_S: Final = 120.0
"""How long one request may go on failing before the demo gives up."""
FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 2.0
PASSING: Final = frozenset({429, 500, 502, 503, 504})
"""Statuses that may be others for the same request in a moment."""


class Refused(Exception):
    """An answer that no repetition mends: its HTTP status and its stable reason."""

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.status = status
        self.reason = reason


class Stopped(Exception):
    """The demo is ending: nobody waits for this request any more."""


class Edge:
    """The API at one address, for any number of threads.

    `notice` is told, before each repetition, what is in the way. Close it after the threads ended.
    """

    def __init__(self, host: str, port: int, notice: Callable[[str], None]) -> None:
        self._host = host
        self._port = port
        self._notice = notice
        self._stop = threading.Event()
        self._mine = threading.local()
        self._connections: list[HTTPConnection] = []

    def close(self) -> None:
        """Hang up."""
        for connection in self._connections:
            connection.close()

    def stop(self) -> None:
        """Have all requests end at their next pause."""
        self._stop.set()

    def pause(self, seconds: float) -> None:
        """Sleeps; raises Stopped as soon as everything is to end."""
        if self._stop.wait(seconds):
            raise Stopped

    def require(self) -> None:
        """Raises Failure when nothing answers at the address."""
        try:
            self._tried("GET", "/healthz", None, {})
        except (OSError, HTTPException) as problem:
            address = f"http://{self._host}:{self._port}"
            raise Failure(f"Nothing answers at {address}: {problem}", "agora up", UNUSABLE) from (
                problem
            )

    def call(
        self,
        verb: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer's JSON, after as many tries as it takes.

        Tries again while servers are away or ask to wait, with the same idempotency key in
        `headers`. Raises Refused, Stopped, and Failure when patience ends.
        """
        self.pause(0)
        target = f"{path}?{urlencode(query)}" if query else path
        given_up_s = time.monotonic() + PATIENCE_S
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                status, asked_s, answer = self._tried(verb, target, body, headers or {})
            except (OSError, HTTPException) as problem:
                trouble, asked_s = f"the gateway is away ({type(problem).__name__})", 0.0
            else:
                if status not in PASSING:
                    return _settled(status, answer)
                trouble = f"{status} {answer.get('reason', '')}"
                if status == 429:  # It was told when to come back: that is no failure.
                    given_up_s = max(given_up_s, time.monotonic() + PATIENCE_S)
            if time.monotonic() > given_up_s:
                message = f"{verb} {path} failed for {PATIENCE_S:.0f} s, at last: {trouble}."
                raise Failure(message, "agora status; then agora demo to resume")
            self._notice(trouble)
            # The jitter keeps the lanes from coming back all at once.
            self.pause(max(asked_s, pause_s) * random.uniform(1.0, 1.5))
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _tried(
        self, verb: str, target: str, body: Mapping[str, object] | None, headers: Mapping[str, str]
    ) -> tuple[int, float, Any]:
        """Status, the seconds to wait that were asked for, and JSON of one try."""
        connection = self._connection()
        sent = {**headers, "Content-Type": "application/json"} if body is not None else headers
        encoded = None if body is None else msgspec.json.encode(body)
        try:
            connection.request(verb, target, encoded, dict(sent))
            response = connection.getresponse()
            return response.status, _asked_to_wait_s(response), _json(response.read())
        except BaseException:
            # Half an answer may be left in it.
            connection.close()
            raise

    def _connection(self) -> HTTPConnection:
        known: HTTPConnection | None = getattr(self._mine, "connection", None)
        if known is None:
            known = HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
            self._mine.connection = known
            self._connections.append(known)
        return known


def _asked_to_wait_s(response: HTTPResponse) -> float:
    asked = response.headers.get("Retry-After", "")
    return float(asked) if asked.isdecimal() else 0.0


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body or b"{}")
    except msgspec.DecodeError as problem:
        raise HTTPException(f"the answer is no JSON: {problem}") from problem


def _settled(status: int, answer: Any) -> Any:
    if status < 300:
        return answer
    raise Refused(status, str(answer.get("reason", "")), str(answer.get("detail", "")))
