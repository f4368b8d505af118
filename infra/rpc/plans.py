"""What is decided once for each method, so that a call only follows its plan."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from inspect import iscoroutinefunction
from typing import Any

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from msgspec import Struct
from protovalidate import Validator

from infra.rpc import wellformed
from infra.rpc.backend import path_of, rpc_name
from infra.rpc.call import Call
from infra.telemetry.metrics import RpcMeter
from schemas.gen import options_pb2

Handler = Callable[[Any, Call], Awaitable[Message]]


class Service(Struct, frozen=True):
    """A service and the plain object that answers it: one coroutine for each method's name."""

    descriptor: ServiceDescriptor
    servicer: object


class Plan(Struct, frozen=True, eq=False):
    """How the calls of one method are checked and answered."""

    method: MethodDescriptor
    rpc: str
    path: str
    access: int
    request: type[Message]
    answer: type[Message]
    mend: wellformed.Check | None
    handler: Handler
    meter: RpcMeter


class Miswired(Exception):
    """The services cannot be served as they were put together; the text lists every fault."""


def plans_of(services: Iterable[Service], validator: Validator) -> dict[str, Plan]:
    """The plan of every method, by path. Raises Miswired; compiles all validation rules."""
    plans: dict[str, Plan] = {}
    faults: list[str] = []
    for service in services:
        for method in service.descriptor.methods:
            if problems := list(_faults(method, service.servicer, plans)):
                faults += problems
            else:
                plans[path_of(method)] = _plan(method, service.servicer, validator)
    if faults:
        raise Miswired("; ".join(faults))
    return plans


def rules_of(method: MethodDescriptor) -> options_pb2.MethodRules:
    """The method's own options: access, rate, narrows."""
    return method.GetOptions().Extensions[options_pb2.rules]


def _plan(method: MethodDescriptor, servicer: object, validator: Validator) -> Plan:
    request = GetMessageClass(method.input_type)
    validator.collect_violations(request())  # Raises CompilationError for rules that make no sense.
    return Plan(
        method=method,
        rpc=rpc_name(method),
        path=path_of(method),
        access=rules_of(method).access,
        request=request,
        answer=GetMessageClass(method.output_type),
        mend=wellformed.compiled(method.input_type),
        handler=getattr(servicer, method.name),
        meter=RpcMeter(rpc_name(method)),
    )


def _faults(method: MethodDescriptor, servicer: object, plans: dict[str, Plan]) -> Iterator[str]:
    rules = rules_of(method)
    if path_of(method) in plans:
        yield f"{method.full_name} is served twice"
    if not iscoroutinefunction(getattr(servicer, method.name, None)):
        yield f"{type(servicer).__name__} has no coroutine {method.name}"
    if rules.access == options_pb2.ACCESS_UNSPECIFIED:
        yield f"{method.full_name} does not say who may call it"
    if rules.rate == options_pb2.RATE_UNSPECIFIED:
        yield f"{method.full_name} does not say how it is limited"
    if method.client_streaming or method.server_streaming:
        yield f"{method.full_name} streams, and only single answers are served"
