"""Every method of the API as its descriptors know it, asked over gRPC and over HTTP alike."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import grpc
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2
from msgspec import Struct

from gateway.routes import Binding, bindings_of
from infra.crypto.keys import load_key
from infra.crypto.public_ids import PublicIds
from infra.rpc.backend import path_of
from schemas.gen import (
    accounts_pb2,
    comments_pb2,
    feeds_pb2,
    graph_pb2,
    options_pb2,
    posts_pb2,
)
from tests.flows.town import Someone, Town

Fields = Mapping[str, Any]
"""Values of a request by the names of the proto file; ids as UUIDs in text, masks as one path."""

FILES: Final = (accounts_pb2, graph_pb2, posts_pb2, comments_pb2, feeds_pb2)
WITHIN_S: Final = 60.0


class Outcome(Struct, frozen=True):
    """What came of a request: a code or a status, the reason of a refusal, the answer as JSON."""

    status: str
    reason: str
    answer: Any

    @property
    def done(self) -> bool:
        """Whether it was answered."""
        return self.status in ("OK", "200")


class Api:
    """All public methods of commands and queries."""

    def __init__(self, town: Town) -> None:
        settings = town.settings
        self._town = town
        self._ids = PublicIds(load_key("crypto.id_key_file", settings.crypto.id_key_file))
        self._channels = {
            "Commands": grpc.insecure_channel(f"127.0.0.1:{settings.commands.port}"),
            "Queries": grpc.insecure_channel(f"127.0.0.1:{settings.queries.port}"),
        }

    def close(self) -> None:
        """Hangs up."""
        for channel in self._channels.values():
            channel.close()

    def opened(self, kind: int, public: str) -> str:
        """The id behind a public one."""
        return str(self._ids.open(kind, public))

    def sealed(self, kind: int, text: str) -> str:
        """The public form of an id; of anything else the text as it is."""
        try:
            return self._ids.seal(kind, UUID(text))
        except ValueError:
            return text

    def grpc(self, method: MethodDescriptor, who: Someone, fields: Fields) -> Outcome:
        """What a method answers at the server itself."""
        side = next(one for one in self._channels if method.containing_service.name.endswith(one))
        call: Any = self._channels[side].unary_unary(
            path_of(method),
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        try:
            answer = call(
                _message(method, fields),
                metadata=(("authorization", f"Bearer {who.token}"),),
                timeout=WITHIN_S,
            )
        except grpc.RpcError as error:
            return _refused(error)
        return Outcome("OK", "", answer)

    def http(self, method: MethodDescriptor, who: Someone, fields: Fields) -> Outcome:
        """What its first route answers at the edge."""
        binding = self._binding(method, fields)
        known = {field.name: field for field in method.input_type.fields}
        told = {name: self._told(known[name], value) for name, value in fields.items()}
        path = "".join(
            "/" + (quote(str(told[part.text]), safe="") if part.variable else part.text)
            for part in binding.segments
        )
        rest = {
            known[name].json_name: value
            for name, value in told.items()
            if name not in binding.variables
        }
        asked: dict[str, Any] = {"json": rest} if binding.body else {"params": rest}
        headers = {"Authorization": f"Bearer {who.token}"}
        answer = self._town.http.request(binding.verb, path, headers=headers, **asked)
        body = json.loads(answer.content)
        return Outcome(str(answer.status_code), str(body.get("reason", "")), body)

    def _binding(self, method: MethodDescriptor, fields: Fields) -> Binding:
        """The first route whose variables all have a value."""
        return next(one for one in bindings_of(method) if fields.keys() >= set(one.variables))

    def _told(self, field: FieldDescriptor, value: Any) -> Any:
        """A value as HTTP has it: ids are public ones, if they are any."""
        if field.message_type is not None:
            head, *rest = str(value).split("_")
            return head + "".join(part.capitalize() for part in rest)
        kind = field.GetOptions().Extensions[options_pb2.id]
        if not kind:
            return value
        if field.is_repeated:
            return [self.sealed(kind, one) for one in value]
        return self.sealed(kind, value)


def methods() -> Iterator[MethodDescriptor]:
    """All that somebody signed in may ask for, and what anybody may."""
    for file in FILES:
        for service in file.DESCRIPTOR.services_by_name.values():
            yield from service.methods


def kind_of(field: FieldDescriptor) -> int:
    """Which type of id the field holds; 0 if it is none."""
    return int(field.GetOptions().Extensions[options_pb2.id])


def _message(method: MethodDescriptor, fields: Fields) -> Message:
    message: Any = GetMessageClass(method.input_type)()
    for field in method.input_type.fields:
        if field.name in fields:
            value = fields[field.name]
            if field.message_type is not None:
                getattr(message, field.name).paths.append(value)
            elif field.is_repeated:
                getattr(message, field.name).extend(value)
            else:
                setattr(message, field.name, value)
    asked: Message = message
    return asked


def _refused(error: Any) -> Outcome:
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    status = status_pb2.Status.FromString(details)
    reason = ""
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            reason = info.reason
            info.metadata.clear()
    return Outcome(error.code().name, reason, (error.details(), reason))
