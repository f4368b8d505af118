"""Operations: what each route does, from the descriptors of the sides behind.

All that can be wrong with a proto file as an HTTP API comes out here, at start.
"""

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from msgspec import Struct, structs

from gateway import codec_write
from gateway.codec_read import RequestReader
from gateway.routes import Binding, Misrouted, bindings_of
from gateway.scalars import Unsupported
from infra.crypto.public_ids import PublicIds
from infra.rpc.backend import Backend, path_of, rpc_name
from infra.rpc.plans import rules_of
from schemas.gen import options_pb2

RECEIPT: Final = "agora.receipts.v1.Receipt"


class Route(Struct, frozen=True, eq=False, kw_only=True):
    """One route: who may take it, how often, and how its requests are read.

    `signed_in` says that only somebody with a token gets an answer. `receipt` names the answer's
    field that holds one, or is empty.
    """

    binding: Binding
    rpc: str
    signed_in: bool
    rate: int
    reader: RequestReader
    receipt: str = ""


class Operation(Route, frozen=True, eq=False, kw_only=True):
    """A route to a method of a side behind, ready to be asked."""

    backend: Backend
    path: str
    write: codec_write.Write

    def position_of(self, answer: Message) -> str:
        """The sealed position that a command's answer tells; empty for a query."""
        if not self.receipt:
            return ""
        receipt: Any = getattr(answer, self.receipt)
        return str(receipt.position)


def operations_of(backends: Mapping[str, Backend], ids: PublicIds) -> list[Operation]:
    """The operations of all public methods. Raises Misrouted, which lists every fault."""
    found: dict[str, tuple[Backend, MethodDescriptor]] = {}
    faults: list[str] = []
    for backend in backends.values():
        for path, method in backend.methods.items():
            if path in found:
                faults.append(f"{path} is answered by two sides")
            found[path] = (backend, method)
    made: list[Operation] = []
    for backend, method in found.values():
        try:
            made += _operations(backend, method, ids)
        except (Misrouted, Unsupported) as fault:
            faults.append(str(fault))
    if faults:
        raise Misrouted("; ".join(faults))
    return made


def _operations(backend: Backend, method: MethodDescriptor, ids: PublicIds) -> list[Operation]:
    rules, bindings = rules_of(method), bindings_of(method)
    internal = rules.access == options_pb2.ACCESS_INTERNAL
    if internal and bindings:
        raise Misrouted(f"{method.full_name} is internal and has a route")
    if not internal and not bindings:
        raise Misrouted(f"{method.full_name} is public and has no route")
    if not internal and 0 in (rules.access, rules.rate):
        raise Misrouted(f"{method.full_name} does not say who may call it, or how often")
    return [
        Operation(
            **structs.asdict(route_of(binding, ids)),
            backend=backend,
            path=path_of(method),
            write=codec_write.compiled(method.output_type, ids),
        )
        for binding in bindings
    ]


def route_of(binding: Binding, ids: PublicIds) -> Route:
    """The route as its method's rules say. Raises Unsupported for a request that cannot be read."""
    method = binding.method
    rules = rules_of(method)
    return Route(
        binding=binding,
        rpc=rpc_name(method),
        signed_in=rules.access == options_pb2.ACCESS_SIGNED_IN,
        rate=rules.rate,
        reader=RequestReader(method.input_type, binding.variables, ids, body=binding.body),
        receipt=_receipt_field(method),
    )


def _receipt_field(method: MethodDescriptor) -> str:
    for field in method.output_type.fields:
        if field.message_type is not None and field.message_type.full_name == RECEIPT:
            return field.name
    return ""
