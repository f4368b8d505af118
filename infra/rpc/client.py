"""Calls to another Agora process; its refusals arrive as the refusals they were."""

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from infra.rpc.backend import RpcFailed, path_of
from infra.rpc.internal import InternalTokens
from infra.rpc.metadata import INTERNAL
from infra.rpc.server import METADATA_BYTES_MAX
from infra.rpc.statuses import refusal_of
from schemas.refusals import Refusal, TooMany, Unavailable

ANSWER_BYTES_MAX: Final = 8 << 20

OPTIONS: Final = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.enable_retries", 0),  # Whoever calls decides, by the request id, what to repeat.
    ("grpc.max_receive_message_length", ANSWER_BYTES_MAX),
    ("grpc.max_metadata_size", METADATA_BYTES_MAX),
    ("grpc.absolute_max_metadata_size", 2 * METADATA_BYTES_MAX),
    # A peer that was restarted is found again within half a second.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 500),
)

Answer = TypeVar("Answer", bound=Message)


class PeerRefused(Unavailable):
    """Nobody listens at the peer's endpoint: the request was certainly not taken.

    Apart from `Unavailable`, which also covers a peer that is slow, cut off or on its way down.
    """


class Channel:
    """A connection to one endpoint (host:port), made at the first call and again when lost.

    With `internal` the other side knows this process as one of Agora's own.
    """

    def __init__(self, endpoint: str, internal: InternalTokens | None = None) -> None:
        self.endpoint = endpoint
        self._internal = internal
        self._channel = grpc.aio.insecure_channel(endpoint, options=OPTIONS)
        self._methods: dict[str, grpc.aio.UnaryUnaryMultiCallable[Message, bytes]] = {}

    async def call(
        self,
        path: str,
        request: Message,
        response_type: type[Answer],
        metadata: Mapping[str, str],
        timeout_s: float,
    ) -> Answer:
        """The answer of the method at `path`.

        Raises the refusal that the other side answered, PeerRefused or Unavailable
        PEER_UNREACHABLE when it cannot be asked, Unavailable DEADLINE_PASSED when it does not
        answer in time, RpcFailed for anything else.
        """
        method = self._methods.get(path)
        if method is None:
            method = self._methods[path] = self._channel.unary_unary(
                path, request_serializer=_serialized
            )
        pairs = [(key, _transportable(value)) for key, value in metadata.items()]
        if self._internal is not None:
            pairs.append((INTERNAL, self._internal.issue()))
        try:
            answer = await method(request, metadata=pairs, timeout=max(timeout_s, 0.001))
        except grpc.aio.AioRpcError as error:
            raise _translated(error, path) from None
        return response_type.FromString(answer)

    async def close(self) -> None:
        """Closes the connection; calls in flight end as unreachable."""
        await self._channel.close()


class Remote:
    """Services behind a channel, as a Backend (infra.rpc.backend)."""

    def __init__(self, channel: Channel, services: Iterable[ServiceDescriptor]) -> None:
        self._channel = channel
        self._methods = {
            path_of(method): method for service in services for method in service.methods
        }
        self._answers = {
            path: GetMessageClass(method.output_type) for path, method in self._methods.items()
        }

    @property
    def methods(self) -> Mapping[str, MethodDescriptor]:
        """Every method by its path."""
        return self._methods

    async def call(
        self, path: str, message: Message, metadata: Mapping[str, str], timeout_s: float
    ) -> Message:
        """As Channel.call; raises KeyError for a path that is not among `methods`."""
        answer = self._answers[path]
        return await self._channel.call(path, message, answer, metadata, timeout_s)


def _serialized(message: Message) -> bytes:
    return message.SerializeToString()


def _transportable(value: str) -> str:
    """Metadata is printable ASCII; what else a stranger put in becomes question marks."""
    if value.isascii() and value.isprintable():
        return value
    return "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in value)


def _translated(error: grpc.aio.AioRpcError, path: str) -> Refusal | RpcFailed:
    if refusal := refusal_of(error):
        return refusal
    match error.code():
        case grpc.StatusCode.UNAVAILABLE | grpc.StatusCode.CANCELLED:
            kind = PeerRefused if _nobody_listens(error) else Unavailable
            return kind("PEER_UNREACHABLE", "A part of the service is down. Try again soon.")
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return Unavailable("DEADLINE_PASSED", "This took longer than the deadline.")
        case grpc.StatusCode.RESOURCE_EXHAUSTED:
            return TooMany("PEER_BUSY", "Too many calls at once, or too large a message.")
        case code:
            return RpcFailed(f"{path} answered {code.name}")


def _nobody_listens(error: grpc.aio.AioRpcError) -> bool:
    # gRPC has no code for it: the system's own message in the details is the only sign.
    return "Connection refused" in (error.details() or "")
