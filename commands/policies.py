"""What commands ask the query side, so that reads and commands share one set of rules."""

from collections.abc import Mapping
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from events.position import Position
from infra.positions import Positions
from infra.rpc import metadata
from infra.rpc.call import Call
from infra.rpc.client import Channel
from schemas.gen import internal_pb2 as pb

RESOLVE_NAME: Final = "/agora.internal.v1.Policies/ResolveName"
AWAIT_VISIBLE: Final = "/agora.internal.v1.Policies/AwaitVisible"

MARGIN_S: Final = 0.25
"""What the way there and back may add to a wait that ends in time on the other side."""


class Holder(Struct, frozen=True):
    """The account that holds a name, and its handle."""

    account_id: UUID
    handle: str


class Policies(Protocol):
    """The questions. Both raise Unavailable when the query side cannot be asked."""

    async def resolve_name(self, name: str, call: Call) -> Holder | None:
        """Who holds `email:` or `handle:` and the keyed hash, for a caller at its position."""
        ...

    async def await_visible(self, position: Position, within_s: float, call: Call) -> bool:
        """Whether what decides visibility has applied the position, waiting so long at most."""
        ...


class QuerySide:
    """Asks the query services over gRPC."""

    def __init__(self, channel: Channel, positions: Positions) -> None:
        self._channel = channel
        self._positions = positions

    async def resolve_name(self, name: str, call: Call) -> Holder | None:
        """Who holds the name; waits for the caller's position first."""
        request = pb.ResolveNameRequest(name=name)
        answer = await self._channel.call(
            RESOLVE_NAME,
            request,
            pb.ResolveNameAnswer,
            at_position(call, self._positions),
            call.remaining_s,
        )
        return Holder(UUID(answer.account_id), answer.handle) if answer.account_id else None

    async def await_visible(self, position: Position, within_s: float, call: Call) -> bool:
        """Whether the position is applied everywhere that matters."""
        request = pb.AwaitVisibleRequest(position=position, wait_ms=int(within_s * 1000))
        answer = await self._channel.call(
            AWAIT_VISIBLE,
            request,
            pb.AwaitVisibleAnswer,
            traced(call),
            within_s + MARGIN_S,
        )
        return answer.applied


def at_position(call: Call, positions: Positions) -> Mapping[str, str]:
    """Metadata of a question that is answered once the caller's position is reached."""
    if not call.position:
        return traced(call)
    return {**traced(call), metadata.POSITION: positions.seal(call.position)}


def traced(call: Call) -> Mapping[str, str]:
    """Metadata that joins a question to the call that it is asked for."""
    joined = {metadata.CORRELATION: str(call.correlation)}
    if call.traceparent:
        joined[metadata.TRACEPARENT] = call.traceparent
    return joined
