"""Compares two descriptor sets: what would break a client built from the earlier one?

Binary clients break on a changed number or type, JSON clients on a changed name, generated code
on either. What only adds is never a finding; `reserved` makes a removal deliberate.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TypeVar

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)


class Named(Protocol):
    """Anything in a descriptor that has a name."""

    @property
    def name(self) -> str:
        """The name inside its parent."""


N = TypeVar("N", bound=Named)


def breaking_changes(before: FileDescriptorSet, after: FileDescriptorSet) -> list[str]:
    """One sentence for each change of `after` that breaks a user of `before`."""
    findings: list[str] = []
    messages, enums, methods = dict(_messages(after)), dict(_enums(after)), dict(_methods(after))
    for name, message in _messages(before):
        findings += _same(name, message, messages, _message)
    for name, enum in _enums(before):
        findings += _same(name, enum, enums, _enum)
    for name, method in _methods(before):
        findings += _same(name, method, methods, _method)
    return findings


def _message(name: str, before: DescriptorProto, after: DescriptorProto) -> Iterator[str]:
    now = {field.number: field for field in after.field}
    for field in before.field:
        if field.number not in now:
            if not _reserved(field.number, after):
                yield f"{name}.{field.name} (number {field.number}) is gone and not reserved"
        else:
            yield from _field(f"{name}.{field.name}", field, now[field.number])


def _reserved(number: int, message: DescriptorProto) -> bool:
    return any(span.start <= number < span.end for span in message.reserved_range)


def _field(name: str, before: FieldDescriptorProto, after: FieldDescriptorProto) -> Iterator[str]:
    if before.name != after.name:
        yield f"{name} (number {before.number}) is now called {after.name}"
    if (before.type, before.type_name) != (after.type, after.type_name):
        yield f"{name} changed its type"
    if before.label != after.label:
        yield f"{name} changed between single and repeated"
    if before.proto3_optional != after.proto3_optional:
        yield f"{name} changed whether it can be absent"


def _enum(name: str, before: EnumDescriptorProto, after: EnumDescriptorProto) -> Iterator[str]:
    now = {value.number: value.name for value in after.value}
    for value in before.value:
        if now.get(value.number) != value.name:
            was = f"{name}.{value.name} = {value.number}"
            yield f"{was} is now {now.get(value.number, 'gone')}"


def _method(
    name: str, before: MethodDescriptorProto, after: MethodDescriptorProto
) -> Iterator[str]:
    if (before.input_type, before.output_type) != (after.input_type, after.output_type):
        yield f"{name} takes or answers another message"
    if (before.client_streaming, before.server_streaming) != (
        after.client_streaming,
        after.server_streaming,
    ):
        yield f"{name} changed how it streams"


def _same(
    name: str, before: N, after: Mapping[str, N], compare: Callable[[str, N, N], Iterator[str]]
) -> Iterator[str]:
    if name in after:
        yield from compare(name, before, after[name])
    else:
        yield f"{name} is gone"


def _messages(files: FileDescriptorSet) -> Iterator[tuple[str, DescriptorProto]]:
    for file in files.file:
        for message in file.message_type:
            yield from _nested(f"{file.package}.{message.name}", message)


def _nested(name: str, message: DescriptorProto) -> Iterator[tuple[str, DescriptorProto]]:
    yield name, message
    for inner in message.nested_type:
        yield from _nested(f"{name}.{inner.name}", inner)


def _enums(files: FileDescriptorSet) -> Iterator[tuple[str, EnumDescriptorProto]]:
    for file in files.file:
        for enum in file.enum_type:
            yield f"{file.package}.{enum.name}", enum
    for name, message in _messages(files):
        for enum in message.enum_type:
            yield f"{name}.{enum.name}", enum


def _methods(files: FileDescriptorSet) -> Iterator[tuple[str, MethodDescriptorProto]]:
    for file in files.file:
        for service in file.service:
            for method in service.method:
                yield f"{file.package}.{service.name}/{method.name}", method
