"""The API: one request, from its route to the answer of the side behind it."""

import logging
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, cast

import orjson
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from msgspec import Struct
from starlette.types import Receive, Scope, Send

from gateway import bodies, problems
from gateway.callers import FORWARDED_FOR, client_address, is_loopback, limited_address
from gateway.exchange import Answer, Sendable, exchange_of
from gateway.json_text import parsed
from gateway.limits import Limits
from gateway.live.updates import HEADERS_ALONE, LiveUpdates
from gateway.operations import Operation, Route
from gateway.refusals import VerbRefused
from gateway.routes import Routes
from infra.config import Settings
from infra.rpc import metadata as keys
from infra.rpc.backend import RpcFailed
from infra.rpc.dispatch import Tokens
from infra.telemetry.tracing import CURRENT
from schemas.gen import live_pb2
from schemas.refusals import Refusal, Unavailable

OUTSIDE: Final = frozenset(
    {keys.AUTHORIZATION, keys.IDEMPOTENCY_KEY, keys.POSITION, keys.TRACEPARENT}
)
"""The header fields that go on to the sides; all others of theirs are for us alone to write."""

JSON: Final = (b"content-type", b"application/json")

_log = logging.getLogger(__name__)


class _Asked(Struct):
    """A request as far as it was understood; `shape` is the type of its message."""

    scope: Scope
    receive: Receive
    headers: dict[str, str]
    metadata: dict[str, str]
    deadline_s: float
    shape: Descriptor | None = None


class Api:
    """Answers everything below `/v1`, as an ASGI application."""

    def __init__(
        self,
        operations: Iterable[Operation],
        live: LiveUpdates,
        tokens: Tokens,
        limits: Limits,
        settings: Settings,
    ) -> None:
        taken: list[Route] = [*operations, live.route]
        self._taken = {route.binding: route for route in taken}
        self._routes = Routes(self._taken)
        self._live = live
        self._tokens = tokens
        self._limits = limits
        self._lifted = settings.limits.lifted_on_loopback
        self._gateway = settings.gateway
        self._tracing = CURRENT.get()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. What it raises is a bug or a client that went away."""
        await (await self._answer(scope, receive)).send(send)

    async def _answer(self, scope: Scope, receive: Receive) -> Sendable:
        exchange = exchange_of(scope)
        deadline_s = time.monotonic() + self._gateway.request_timeout_ms / 1000
        asked = _Asked(scope, receive, {}, {}, deadline_s)
        try:
            return await self._answered(asked)
        except VerbRefused as refusal:
            headers = problems.headers_of(refusal)
            if scope["method"] == "OPTIONS":
                return Answer(204, headers)
            return _refused(asked, refusal)
        except Refusal as refusal:
            return _refused(asked, refusal)
        except RpcFailed:
            _log.warning("%s failed behind the gateway", exchange.rpc)
            return Answer.of_problem(500, problems.of_bug(exchange.correlation))

    async def _answered(self, asked: _Asked) -> Sendable:
        scope, exchange = asked.scope, exchange_of(asked.scope)
        binding, variables = self._routes.match(scope["method"], scope["raw_path"])
        route = self._taken[binding]
        exchange.rpc, asked.shape = route.rpc, binding.method.input_type
        fields = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
        ]
        asked.headers = _joined(fields)
        asked.metadata = keys.single_values(field for field in fields if field[0] in OUTSIDE)
        await self._admit(route, asked)
        if binding.body:
            within_s = min(self._gateway.body_timeout_ms / 1000, _remaining_s(asked))
            limit = self._gateway.body_bytes_max
            body = await bodies.json_body(asked.receive, asked.headers, limit, within_s)
            if pairs := bodies.query_pairs(scope["query_string"]):
                route.reader.refuse_query(pairs)
            message = route.reader.from_body(variables, parsed(body))
        else:
            bodies.refuse_body(asked.headers)
            pairs = bodies.query_pairs(scope["query_string"])
            message = route.reader.from_query(variables, pairs)
        if isinstance(route, Operation):
            return await self._called(route, message, asked)
        return await self._opened(message, asked)

    async def _opened(self, message: Message, asked: _Asked) -> Sendable:
        if asked.scope["method"] == "HEAD":
            return HEADERS_ALONE
        exchange_of(asked.scope).streamed = True
        token = keys.bearer_token(asked.metadata)
        last_event_id = asked.headers.get("last-event-id", "")
        return await self._live.opened(
            cast("live_pb2.WatchRequest", message), token, last_event_id, asked.receive
        )

    async def _admit(self, route: Route, asked: _Asked) -> None:
        """Lets the request through or refuses it: who asks, and how often. Fills the metadata."""
        address = client_address(asked.scope, asked.headers, self._gateway.proxies_in_front)
        asked.metadata |= {
            keys.CORRELATION: str(exchange_of(asked.scope).correlation),
            keys.ADDRESS: address,
            keys.USER_AGENT: asked.headers.get("user-agent", ""),
        }
        lifted = self._lifted and is_loopback(address) and FORWARDED_FOR not in asked.headers
        try:
            caller = self._caller(route, asked) or limited_address(address)
        except Refusal:
            if not lifted:  # Whoever tries tokens is limited by address.
                await self._limits.admit(route.rate, limited_address(address))
            raise
        if not lifted:
            await self._limits.admit(route.rate, caller)

    def _caller(self, route: Route, asked: _Asked) -> str:
        """The account that asks; empty for routes that are open to anybody."""
        if not route.signed_in:
            return ""
        token = keys.bearer_token(asked.metadata)
        return str(self._tokens.verify(token, datetime.now(UTC)).account_id)

    async def _called(self, operation: Operation, message: Message, asked: _Asked) -> Answer:
        name = f"{operation.binding.verb} {operation.binding.template}"
        with self._tracing.span(name, keys.traceparent(asked.metadata)) as traceparent:
            metadata = asked.metadata | {keys.TRACEPARENT: traceparent}
            remaining_s = _remaining_s(asked)
            if remaining_s <= 0:
                raise Unavailable("DEADLINE_PASSED", "This took too long.")
            answer = await operation.backend.call(operation.path, message, metadata, remaining_s)
        headers = [JSON]
        if position := operation.position_of(answer):
            headers.append((b"agora-position", position.encode()))
        if traceparent:
            headers.append((b"traceparent", traceparent.encode()))
        return Answer(200, headers, orjson.dumps(operation.write(answer)))


def _joined(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The header fields by name; several lines of one name are one list (RFC 9110, 5.3)."""
    joined: dict[str, str] = {}
    for name, text in fields:
        joined[name] = f"{joined[name]}, {text}" if name in joined else text
    return joined


def _remaining_s(asked: _Asked) -> float:
    return max(0.0, asked.deadline_s - time.monotonic())


def _refused(asked: _Asked, refusal: Refusal) -> Answer:
    exchange: Any = exchange_of(asked.scope)
    body = problems.of_refusal(refusal, exchange.correlation, asked.shape)
    return Answer.of_problem(refusal.http_status, body, problems.headers_of(refusal))
