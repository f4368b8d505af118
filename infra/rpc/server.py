"""The gRPC server in front of a dispatcher: bytes in, bytes or a status out.

Handlers take raw bytes, so that what is no message is refused like any other bad input instead of
being answered UNKNOWN with the parser's text; and they never let an exception's text out.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

import grpc

from infra.rpc.backend import RpcFailed
from infra.rpc.dispatch import Dispatcher
from infra.rpc.internal import InternalTokens
from infra.rpc.metadata import INTERNAL, TIMEOUT_S_MAX, Arrival, single_values
from infra.rpc.standard import Handlers, Health, health_handlers, reflection_handlers
from infra.rpc.statuses import DETAILS_KEY, status_of
from schemas.refusals import Refusal

REQUEST_BYTES_MAX: Final = 1 << 20
METADATA_BYTES_MAX: Final = 16 << 10
CONCURRENT_CALLS_MAX: Final = 4096
TIMEOUT_S_DEFAULT: Final = 10.0
"""For callers that name no deadline."""

OPTIONS: Final = (
    ("grpc.so_reuseport", 0),  # With it a second server would share a taken port in silence.
    ("grpc.max_receive_message_length", REQUEST_BYTES_MAX),
    ("grpc.max_metadata_size", METADATA_BYTES_MAX),
    ("grpc.absolute_max_metadata_size", 2 * METADATA_BYTES_MAX),
    # Clients of long silence may ping; without these they would be sent away for it.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5000),
)

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"


class Server:
    """A server that runs. `port` is where, also when it was asked to choose one (0)."""

    def __init__(self, server: grpc.aio.Server, health: Health | None, port: int) -> None:
        self._server = server
        self._health = health
        self.port = port

    async def stop(self, grace_s: float) -> None:
        """Takes no new calls, lets those in flight end within `grace_s`, then cuts them off."""
        if self._health is not None:
            await self._health.stopping()
        await self._server.stop(grace_s)


async def start_server(
    dispatcher: Dispatcher,
    host: str,
    port: int,
    *,
    internal: InternalTokens,
    health: bool = True,
    reflection: bool = True,
) -> Server:
    """A server that answers by `dispatcher` from now on.

    `internal` tells Agora's own processes from strangers. Raises OSError when it cannot listen.
    """
    server = grpc.aio.server(options=OPTIONS, maximum_concurrent_rpcs=CONCURRENT_CALLS_MAX)
    names = [service.descriptor.full_name for service in dispatcher.services]
    state = Health(names) if health else None
    for handlers in (
        _handlers(dispatcher, internal),
        health_handlers(state) if state else {},
        reflection_handlers(names) if reflection else {},
    ):
        for service, methods in handlers.items():
            server.add_registered_method_handlers(service, methods)
    bound = _bound(server, host, port)
    await server.start()
    if state is not None:
        await state.serving()
    return Server(server, state, bound)


def _bound(server: grpc.aio.Server, host: str, port: int) -> int:
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        return server.add_insecure_port(address)
    except RuntimeError as problem:
        raise OSError(f"cannot listen on {address}: is the port taken?") from problem


def _handlers(dispatcher: Dispatcher, internal: InternalTokens) -> dict[str, Handlers]:
    services: dict[str, Handlers] = {}
    for path, method in dispatcher.methods.items():
        methods = services.setdefault(method.containing_service.full_name, {})
        answer = _answering(dispatcher, internal, path)
        methods[method.name] = grpc.unary_unary_rpc_method_handler(answer)
    return services


def _answering(
    dispatcher: Dispatcher, internal: InternalTokens, path: str
) -> Callable[[bytes, Context], Awaitable[bytes]]:
    async def answer(request: bytes, context: Context) -> bytes:
        try:
            return await dispatcher.call_raw(path, request, _arrival(context, internal))
        except Refusal as refusal:
            status = status_of(refusal)
            await context.abort(
                grpc.StatusCode[refusal.grpc_status],
                status.message,
                ((DETAILS_KEY, status.SerializeToString()),),
            )
        except RpcFailed:
            await context.abort(grpc.StatusCode.INTERNAL, "")

    return answer


def _arrival(context: Any, internal: InternalTokens) -> Arrival:
    values = single_values(context.invocation_metadata() or ())
    remaining_s = context.time_remaining()
    token = values.get(INTERNAL, "")
    return Arrival(
        metadata=values,
        timeout_s=TIMEOUT_S_DEFAULT if remaining_s is None else remaining_s,
        trusted=bool(token) and internal.accepts(token),
        peer=context.peer(),
        deadline_watched=remaining_s is not None and remaining_s <= TIMEOUT_S_MAX,
    )
