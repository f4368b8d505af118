"""The outermost layer: what holds for every request and answer."""

import logging
import time
from collections.abc import Mapping
from functools import cache
from itertools import chain
from typing import Final
from uuid import UUID

from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import problems
from gateway.bodies import Disconnected
from gateway.exchange import KEY, Answer, Exchange
from gateway.refusals import AddressTooLong, HeadersTooLarge
from infra.crypto.uuid4 import drawing
from infra.telemetry.correlation import CORRELATION
from infra.telemetry.metrics import LATENCY_BUCKETS_S, REGISTRY
from schemas.refusals import Refusal

URL_BYTES_MAX: Final = 8 << 10
HEADER_BYTES_MAX: Final = 32 << 10
CORRELATION_HEADER: Final = b"agora-correlation-id"

SECURITY: Final[Mapping[bytes, bytes]] = {
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"x-frame-options": b"DENY",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=()",
}
"""Header fields of every answer that does not bring its own."""

HTTP_SECONDS: Final = Histogram(
    "agora_http_seconds",
    "Time to answer a request, by rpc (`page` for all else) and status.",
    ["rpc", "status"],
    buckets=LATENCY_BUCKETS_S,
    registry=REGISTRY,
)

_log = logging.getLogger(__name__)


class Edge:
    """Names each request by a correlation id, bounds it, and lets no fault out unanswered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._draw = drawing()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; other kinds of scope pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = scope[KEY] = Exchange(self._draw())
        mark = CORRELATION.set(exchange.correlation)
        sending = _Sending(send, exchange.correlation)
        started = time.monotonic()
        try:
            await self._bounded(scope, receive, sending)
        except Disconnected:
            _log.debug("the client left before its request was complete")
        except Exception:
            _log.exception("a request failed at the edge")
            if sending.status:
                raise  # The server cuts the connection: half an answer must not look whole.
            body = problems.of_bug(exchange.correlation)
            await Answer.of_problem(500, body).send(sending)
        finally:
            CORRELATION.reset(mark)
            if not exchange.streamed or sending.status != 200:
                _seconds(exchange.rpc, sending.status).observe(time.monotonic() - started)

    async def _bounded(self, scope: Scope, receive: Receive, sending: "_Sending") -> None:
        try:
            _require_bounds(scope)
        except Refusal as refusal:
            body = problems.of_refusal(refusal, scope[KEY].correlation)
            close = [(b"connection", b"close")]
            await Answer.of_problem(refusal.http_status, body, close).send(sending)
        else:
            await self._app(scope, receive, sending)


@cache
def _seconds(rpc: str, status: int) -> Histogram:
    """The histogram of two labels, bound once: binding costs more than adding."""
    return HTTP_SECONDS.labels(rpc=rpc, status=status)


class _Sending:
    """Sends on, with the header fields that every answer has; knows the status, 0 before it."""

    def __init__(self, send: Send, correlation: UUID) -> None:
        self._send = send
        self._correlation = str(correlation).encode()
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            present = {name.lower() for name, _ in headers}
            if SECURITY.keys().isdisjoint(present):
                headers += SECURITY.items()
            else:
                headers += [pair for pair in SECURITY.items() if pair[0] not in present]
            headers.append((CORRELATION_HEADER, self._correlation))
            message = {**message, "headers": headers}
        await self._send(message)


def _require_bounds(scope: Scope) -> None:
    if len(scope["raw_path"]) + len(scope["query_string"]) > URL_BYTES_MAX:
        raise AddressTooLong(URL_BYTES_MAX)
    if len(b"".join(chain.from_iterable(scope["headers"]))) > HEADER_BYTES_MAX:
        raise HeadersTooLarge(HEADER_BYTES_MAX)
