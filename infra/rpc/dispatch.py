"""Calls of methods: who may, with what input, and what becomes of the answer.

The dispatcher is the one way into a side of Agora, from a gRPC server or from a gateway in the same
process. Everything that depends on the method alone is decided when it is made (infra.rpc.plans).
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Protocol
from uuid import UUID

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import DecodeError, Message
from protovalidate import Validator

from events.position import NOWHERE, Position
from infra.rpc import metadata as keys
from infra.rpc.backend import RpcFailed
from infra.rpc.call import Call, Caller
from infra.rpc.metadata import TIMEOUT_S_MAX, Arrival
from infra.rpc.plans import Plan, Service, plans_of
from infra.rpc.statuses import FIELDS_MAX
from infra.rpc.violations import violations
from infra.rpc.wellformed import well_formed
from infra.telemetry.correlation import CORRELATION
from infra.telemetry.tracing import CURRENT, Tracing
from schemas.gen import options_pb2
from schemas.refusals import Forbidden, Invalid, Refusal, Unauthenticated, Unavailable

__all__ = ["Dispatcher", "Positions", "Service", "Sessions", "Tokens"]

Preparation = Callable[[Call], Awaitable[None]]

_log = logging.getLogger(__name__)


class Tokens(Protocol):
    """Access tokens, as infra.auth.tokens checks them."""

    def verify(self, token: str, now: datetime, /) -> Caller:
        """Who holds the token; raises Unauthenticated."""
        ...


class Sessions(Protocol):
    """Sessions that were closed, as infra.auth.sessions knows them."""

    async def is_closed(self, session_id: UUID, /) -> bool:
        """Whether the session's tokens are worthless by now."""
        ...


class Positions(Protocol):
    """Sealed positions, as infra.positions opens them."""

    def open(self, text: str, /) -> Position:
        """The position; raises Invalid."""
        ...


class Dispatcher:
    """Answers calls by the servicers of one side. Implements infra.rpc.backend.Backend.

    `prepare` runs before the handler of every call that passed its checks, such as to wait for the
    caller's position. Spans go to `tracing`, else to that of the process. Raises
    infra.rpc.plans.Miswired when a method lacks a handler or its rules.
    """

    def __init__(
        self,
        services: Iterable[Service],
        *,
        tokens: Tokens,
        sessions: Sessions,
        positions: Positions,
        prepare: Preparation | None = None,
        tracing: Tracing | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.services = tuple(services)
        self._validator = Validator()
        self._plans = plans_of(self.services, self._validator)
        self._methods = {path: plan.method for path, plan in self._plans.items()}
        self._tokens = tokens
        self._sessions = sessions
        self._positions = positions
        self._prepare = prepare
        self._tracing = tracing or CURRENT.get()
        self._clock = clock

    @property
    def methods(self) -> Mapping[str, MethodDescriptor]:
        """Every method by its path, such as `/agora.graph.v1.GraphCommands/Follow`."""
        return self._methods

    async def call(
        self, path: str, message: Message, metadata: Mapping[str, str], timeout_s: float
    ) -> Message:
        """The answer to a caller in this process, which is trusted as one of Agora's own.

        Raises a Refusal, RpcFailed for a bug (logged here), KeyError for an unknown path. Texts in
        `message` are normalised in place.
        """
        plan = self._plans[path]
        return await self._measured(plan, message, Arrival(metadata, timeout_s, trusted=True))

    async def call_raw(self, path: str, request: bytes, arrival: Arrival) -> bytes:
        """The answer to a caller elsewhere, whose bytes may be anything. Raises as `call` does."""
        plan = self._plans[path]
        return (await self._measured(plan, request, arrival)).SerializeToString()

    async def _measured(self, plan: Plan, request: Message | bytes, arrival: Arrival) -> Message:
        started = time.monotonic()
        outcome = "cancelled"
        mark = CORRELATION.set(correlation := keys.correlation(arrival))
        try:
            answer = await self._limited(plan, request, arrival, correlation)
        except Refusal as refusal:
            outcome = "unavailable" if isinstance(refusal, Unavailable) else "refused"
            plan.meter.refused(refusal.reason)
            raise
        except Exception as bug:
            outcome = "failed"
            _log.exception("%s failed", plan.rpc)
            raise RpcFailed(f"{plan.rpc} failed") from bug
        else:
            outcome = "ok"
            return answer
        finally:
            CORRELATION.reset(mark)
            plan.meter.answered(outcome, time.monotonic() - started)

    async def _limited(
        self, plan: Plan, request: Message | bytes, arrival: Arrival, correlation: UUID
    ) -> Message:
        timeout_s = min(arrival.timeout_s, TIMEOUT_S_MAX)
        deadline_s = time.monotonic() + timeout_s
        if arrival.deadline_watched:
            return await self._answered(plan, request, arrival, correlation, deadline_s)
        limit = asyncio.timeout(timeout_s)
        try:
            async with limit:
                return await self._answered(plan, request, arrival, correlation, deadline_s)
        except TimeoutError:
            if not limit.expired():
                raise
            raise Unavailable("DEADLINE_PASSED", "This took longer than the deadline.") from None

    async def _answered(
        self,
        plan: Plan,
        request: Message | bytes,
        arrival: Arrival,
        correlation: UUID,
        deadline_s: float,
    ) -> Message:
        metadata = arrival.metadata
        with self._tracing.span(plan.rpc, keys.traceparent(metadata)) as traceparent:
            caller = await self._admitted(plan, arrival)
            message = self._checked(plan, request)
            sealed = metadata.get(keys.POSITION, "")
            call = Call(
                rpc=plan.rpc,
                correlation=correlation,
                deadline_s=deadline_s,
                caller=caller,
                request=keys.request_id(metadata),
                position=self._positions.open(sealed) if sealed else NOWHERE,
                traceparent=traceparent,
                address=keys.client_address(arrival),
                user_agent=keys.client_user_agent(arrival),
            )
            if self._prepare is not None:
                await self._prepare(call)
            answer = await plan.handler(message, call)
            if type(answer) is not plan.answer:
                raise TypeError(f"{plan.rpc} answered {type(answer).__name__}")
            return answer

    async def _admitted(self, plan: Plan, arrival: Arrival) -> Caller | None:
        if plan.access == options_pb2.ACCESS_SIGNED_IN:
            token = keys.bearer_token(arrival.metadata)
            caller = self._tokens.verify(token, self._clock())
            if await self._sessions.is_closed(caller.session_id):
                raise Unauthenticated("SESSION_CLOSED", "This session was signed out.")
            return caller
        if plan.access == options_pb2.ACCESS_INTERNAL and not arrival.trusted:
            raise Forbidden("INTERNAL_ONLY", "Only Agora's own processes may call this.")
        return None

    def _checked(self, plan: Plan, request: Message | bytes) -> Message:
        message = _decoded(plan, request) if isinstance(request, bytes) else request
        if type(message) is not plan.request:
            raise TypeError(f"{plan.rpc} was asked with {type(message).__name__}")
        problems = well_formed(message, plan.mend) or violations(self._validator, message)
        if problems:
            told = dict(islice(problems.items(), FIELDS_MAX))
            named = ", ".join(filter(None, told)) or "the request"
            raise Invalid("INVALID_FIELDS", f"Not valid: {named}.", told)
        return message


def _decoded(plan: Plan, request: bytes) -> Message:
    try:
        return plan.request.FromString(request)
    except DecodeError:
        raise Invalid("MESSAGE_MALFORMED", f"These bytes are no {plan.request.__name__}.") from None
