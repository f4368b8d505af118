"""gRPC's own services, health and reflection, made to withstand bytes that are no message.

Their generated handlers raise at such bytes, which gRPC answers UNKNOWN with the parser's text.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

Handlers: TypeAlias = "dict[str, grpc.RpcMethodHandler[Any, Any]]"
"""Handlers by method name."""


class Health:
    """What the health service answers, for the server as a whole and for each service."""

    def __init__(self, services: Iterable[str]) -> None:
        self.servicer = health.aio.HealthServicer()
        self._services = ("", *services)

    async def serving(self) -> None:
        """From now on: SERVING."""
        for service in self._services:
            await self.servicer.set(service, health_pb2.HealthCheckResponse.SERVING)

    async def stopping(self) -> None:
        """From now on: NOT_SERVING, for good."""
        await self.servicer.enter_graceful_shutdown()


def health_handlers(state: Health) -> dict[str, Handlers]:
    """The handlers of grpc.health.v1.Health, by service and method."""
    return _recorded(health_pb2_grpc.add_HealthServicer_to_server, state.servicer)


def reflection_handlers(services: Iterable[str]) -> dict[str, Handlers]:
    """The handlers of grpc.reflection.v1alpha.ServerReflection, which tells of `services`."""
    servicer = reflection.aio.ReflectionServicer([*services, reflection.SERVICE_NAME])
    return _recorded(reflection_pb2_grpc.add_ServerReflectionServicer_to_server, servicer)


def _recorded(register: Callable[..., Any], servicer: object) -> dict[str, Handlers]:
    recorder = _Recorder()
    register(servicer, recorder)
    return recorder.services


class _Recorder:
    """Stands in for a server where generated code registers handlers, and guards each."""

    def __init__(self) -> None:
        self.services: dict[str, Handlers] = {}

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """Generated code registers everything twice; once is enough."""

    def add_registered_method_handlers(self, service: str, handlers: Handlers) -> None:
        """Takes the handlers of one service."""
        self.services[service] = {name: _guarded(one) for name, one in handlers.items()}


def _guarded(handler: Any) -> "grpc.RpcMethodHandler[Any, Any]":
    lenient = {
        "request_deserializer": _lenient(handler.request_deserializer),
        "response_serializer": handler.response_serializer,
    }
    if handler.stream_stream:
        return grpc.stream_stream_rpc_method_handler(_conversing(handler.stream_stream), **lenient)
    if handler.unary_stream:
        return grpc.unary_stream_rpc_method_handler(_answering(handler.unary_stream), **lenient)
    return grpc.unary_unary_rpc_method_handler(_answering(handler.unary_unary), **lenient)


def _lenient(parse: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def parsed(data: bytes) -> Any:
        try:
            return parse(data)
        except DecodeError as problem:
            return problem

    return parsed


def _answering(behaviour: Callable[..., Any]) -> Callable[..., Any]:
    async def answer(request: Any, context: Any) -> Any:
        await _refuse_malformed(request, context)
        return await behaviour(request, context)

    return answer


def _conversing(behaviour: Callable[..., Any]) -> Callable[..., Any]:
    async def converse(requests: Any, context: Any) -> AsyncIterator[Any]:
        async def parsed() -> AsyncIterator[Any]:
            async for request in requests:
                await _refuse_malformed(request, context)
                yield request

        async for response in behaviour(parsed(), context):
            yield response

    return converse


async def _refuse_malformed(request: Any, context: Any) -> None:
    if isinstance(request, DecodeError):
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "These bytes are no such message.")
