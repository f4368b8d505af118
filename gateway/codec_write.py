"""Answers: protobuf messages as JSON, by writers compiled once per type.

Names are camelCase. Fields without presence are always there, so that a client need not know
defaults; a message, a member of a oneof or an `optional` field is there when it is set.
"""

from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway.scalars import DURATION, TIMESTAMP, Unsupported, writer
from infra.crypto.public_ids import PublicIds

Write = Callable[[Message], dict[str, Any]]
Put = Callable[[Message, dict[str, Any]], None]


def compiled(descriptor: Descriptor, ids: PublicIds) -> Write:
    """The writer of one message type. Raises Unsupported for fields that have no form in JSON."""
    return _compiled(descriptor, ids, {})


def _compiled(descriptor: Descriptor, ids: PublicIds, known: dict[str, Write]) -> Write:
    if descriptor.full_name in known:
        return known[descriptor.full_name]
    puts: list[Put] = []

    def write(message: Message) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for put in puts:
            put(message, members)
        return members

    known[descriptor.full_name] = write  # Before its fields, for types that hold themselves.
    puts.extend(_put(field, ids, known) for field in descriptor.fields)
    return write


def _put(field: FieldDescriptor, ids: PublicIds, known: dict[str, Write]) -> Put:
    name, key = field.name, field.json_name
    kind = field.message_type
    if kind is not None and kind.GetOptions().map_entry:
        return _put_map(field, ids, known)
    convert = _converter(field, ids, known)
    if field.is_repeated:
        return _put_list(name, key, convert)
    if field.has_presence:
        return _put_if_set(name, key, convert)
    if convert is None:
        return _put_plain(name, key)

    def put(message: Message, members: dict[str, Any]) -> None:
        members[key] = convert(getattr(message, name))

    return put


def _converter(
    field: FieldDescriptor, ids: PublicIds, known: dict[str, Write]
) -> Callable[[Any], Any] | None:
    kind = field.message_type
    if kind is None or kind.full_name in (TIMESTAMP, DURATION):
        return writer(field, ids)
    if kind.full_name.startswith("google."):
        raise Unsupported(f"{field.full_name} has no form in JSON here")
    return _compiled(kind, ids, known)


def _put_plain(name: str, key: str) -> Put:
    def put(message: Message, members: dict[str, Any]) -> None:
        members[key] = getattr(message, name)

    return put


def _put_if_set(name: str, key: str, convert: Callable[[Any], Any] | None) -> Put:
    def put(message: Message, members: dict[str, Any]) -> None:
        if message.HasField(name):
            value = getattr(message, name)
            members[key] = value if convert is None else convert(value)

    return put


def _put_list(name: str, key: str, convert: Callable[[Any], Any] | None) -> Put:
    def put(message: Message, members: dict[str, Any]) -> None:
        values = getattr(message, name)
        members[key] = list(values) if convert is None else [convert(value) for value in values]

    return put


def _put_map(field: FieldDescriptor, ids: PublicIds, known: dict[str, Write]) -> Put:
    assert field.message_type is not None
    name, key = field.name, field.json_name
    convert = _converter(field.message_type.fields_by_name["value"], ids, known)

    def put(message: Message, members: dict[str, Any]) -> None:
        entries = getattr(message, name)
        members[key] = {
            str(one): entries[one] if convert is None else convert(entries[one]) for one in entries
        }

    return put
