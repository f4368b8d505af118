"""Rules that every proto file follows, so that the API reads as if one person wrote it.

Packages are `agora.<context>.v1`, fields are snake_case, each enum starts with `*_UNSPECIFIED`, and
every service, rpc, message and enum has a comment: those are the API's documentation.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    ServiceDescriptorProto,
)

PACKAGE = re.compile(r"^agora\.[a-z]+\.v1$")
SNAKE = re.compile(r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")
CAPS = re.compile(r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$")

# Field numbers of FileDescriptorProto, DescriptorProto and ServiceDescriptorProto: a place in the
# source is a path of them, as descriptor.proto says at SourceCodeInfo.Location.
MESSAGE, ENUM, SERVICE, NESTED_MESSAGE, NESTED_ENUM, METHOD = 4, 5, 6, 3, 4, 2

SourcePath: TypeAlias = tuple[int, ...]


def lint(files: Iterable[FileDescriptorProto]) -> list[str]:
    """One sentence for each breach, in the order of the files."""
    return [finding for file in files for finding in _file(file)]


def _file(file: FileDescriptorProto) -> Iterator[str]:
    where = file.name
    commented = {
        tuple(location.path)
        for location in file.source_code_info.location
        if location.leading_comments.strip()
    }
    if not PACKAGE.match(file.package):
        yield f"{where}: the package is {file.package or 'missing'}, not agora.<context>.v1"
    if file.syntax != "proto3":
        yield f"{where}: the syntax is {file.syntax or 'proto2'}, not proto3"
    for index, message in enumerate(file.message_type):
        yield from _message(where, message, (MESSAGE, index), commented)
    for index, enum in enumerate(file.enum_type):
        yield from _enum(where, enum, (ENUM, index), commented)
    for index, service in enumerate(file.service):
        yield from _service(where, service, (SERVICE, index), commented)


def _message(
    where: str, message: DescriptorProto, path: SourcePath, commented: set[SourcePath]
) -> Iterator[str]:
    if message.options.map_entry:
        return
    name = f"{where}: message {message.name}"
    if path not in commented:
        yield f"{name} has no comment"
    for field in message.field:
        if not SNAKE.match(field.name):
            yield f"{name}: field {field.name} is not snake_case"
    for index, nested in enumerate(message.nested_type):
        yield from _message(where, nested, (*path, NESTED_MESSAGE, index), commented)
    for index, enum in enumerate(message.enum_type):
        yield from _enum(where, enum, (*path, NESTED_ENUM, index), commented)


def _enum(
    where: str, enum: EnumDescriptorProto, path: SourcePath, commented: set[SourcePath]
) -> Iterator[str]:
    name = f"{where}: enum {enum.name}"
    if path not in commented:
        yield f"{name} has no comment"
    if not enum.value[0].name.endswith("_UNSPECIFIED"):
        yield f"{name} starts with {enum.value[0].name}, not with *_UNSPECIFIED"
    for value in enum.value:
        if not CAPS.match(value.name):
            yield f"{name}: value {value.name} is not UPPER_SNAKE_CASE"


def _service(
    where: str, service: ServiceDescriptorProto, path: SourcePath, commented: set[SourcePath]
) -> Iterator[str]:
    name = f"{where}: service {service.name}"
    if path not in commented:
        yield f"{name} has no comment"
    for index, method in enumerate(service.method):
        if (*path, METHOD, index) not in commented:
            yield f"{name}: rpc {method.name} has no comment"
