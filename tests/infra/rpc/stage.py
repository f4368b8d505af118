"""A small cast for calls: services that answer at once, and stand-ins for what they are checked by.

Every servicer here is plain, as the real ones are; nothing of the dispatcher is replaced.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from google.protobuf.message import Message

from events.position import Position
from infra.rpc.call import Call, Caller
from infra.rpc.client import Channel
from infra.rpc.dispatch import Dispatcher, Service
from infra.rpc.internal import InternalTokens
from infra.rpc.server import start_server
from schemas.gen import accounts_pb2, graph_pb2, internal_pb2
from schemas.refusals import Invalid, Unauthenticated

ANA: Final = Caller(
    UUID("0190b2a0-0000-7000-8000-00000000000a"), UUID("0190b2a0-0000-7000-8000-0000000000a1")
)
GONE: Final = Caller(
    UUID("0190b2a0-0000-7000-8000-00000000000b"), UUID("0190b2a0-0000-7000-8000-0000000000b1")
)
REQUEST: Final = UUID("0190b2a0-0000-7000-8000-0000000000ff")
SIGNED_IN: Final = {"authorization": "Bearer ana"}

FOLLOW: Final = "/agora.graph.v1.GraphCommands/Follow"
MUTE: Final = "/agora.graph.v1.GraphCommands/Mute"
SIGN_IN: Final = "/agora.accounts.v1.AccountCommands/SignIn"
REGISTER: Final = "/agora.accounts.v1.AccountCommands/Register"
UPDATE_PROFILE: Final = "/agora.accounts.v1.AccountCommands/UpdateProfile"
PING: Final = "/agora.internal.v1.Partitions/Ping"

INTERNAL_TOKENS: Final = InternalTokens(bytes(32))

Answer = Callable[[Any, Call], Awaitable[Message]]


class Tokens:
    """Knows two tokens, `ana` and `gone`."""

    def verify(self, token: str, _now: datetime) -> Caller:
        match token:
            case "ana":
                return ANA
            case "gone":
                return GONE
            case _:
                raise Unauthenticated("TOKEN_INVALID", "Not one of the two.")


class Sessions:
    """GONE has signed out."""

    async def is_closed(self, session_id: UUID) -> bool:
        return session_id == GONE.session_id


class Positions:
    """`people-3:42` is a position, unsealed."""

    def open(self, text: str) -> Position:
        partition, _, offset = text.partition(":")
        if not offset.isdigit():
            raise Invalid("POSITION_INVALID", "Not a position.")
        return {partition: int(offset)}


def servicer(
    methods: Mapping[str, type[Message]], answers: Mapping[str, Answer] | None = None
) -> Any:
    """A plain object whose methods give an empty answer of their type, or do as `answers` says."""

    def empty(kind: type[Message]) -> Answer:
        async def answer(request: Any, call: Call) -> Message:
            return kind()

        return answer

    found = {name: empty(kind) for name, kind in methods.items()} | dict(answers or {})
    return type("Servicer", (), {name: staticmethod(answer) for name, answer in found.items()})()


def dispatcher(answers: Mapping[str, Answer] | None = None, **settings: Any) -> Dispatcher:
    """A dispatcher for all command services and the internal ones."""
    graph = graph_pb2.DESCRIPTOR.services_by_name["GraphCommands"]
    changed: dict[str, type[Message]] = {method.name: graph_pb2.Changed for method in graph.methods}
    changed["Follow"] = graph_pb2.Followed
    accounts: dict[str, type[Message]] = {
        "Register": accounts_pb2.SignedIn,
        "SignIn": accounts_pb2.SignedIn,
        "SignOut": accounts_pb2.SignedOut,
        "UpdateProfile": accounts_pb2.ProfileUpdated,
        "SetVisibility": accounts_pb2.VisibilitySet,
    }
    partitions: dict[str, type[Message]] = {
        "Forward": internal_pb2.ForwardAnswer,
        "Ping": internal_pb2.PingAnswer,
    }
    services = [
        Service(graph, servicer(changed, answers)),
        Service(
            accounts_pb2.DESCRIPTOR.services_by_name["AccountCommands"],
            servicer(accounts, answers),
        ),
        Service(
            internal_pb2.DESCRIPTOR.services_by_name["Partitions"], servicer(partitions, answers)
        ),
    ]
    checks: dict[str, Any] = {
        "tokens": Tokens(),
        "sessions": Sessions(),
        "positions": Positions(),
    }
    return Dispatcher(services, **(checks | settings))


@asynccontextmanager
async def served(
    answers: Mapping[str, Answer] | None = None, *, trusted: bool = False
) -> AsyncIterator[Channel]:
    """A channel to a real server in front of `dispatcher(answers)`."""
    server = await start_server(dispatcher(answers), "127.0.0.1", 0, internal=INTERNAL_TOKENS)
    channel = Channel(f"127.0.0.1:{server.port}", INTERNAL_TOKENS if trusted else None)
    try:
        yield channel
    finally:
        await channel.close()
        await server.stop(0)
