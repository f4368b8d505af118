"""The comments in the proto files, which are the API's documentation.

Only the descriptor set keeps them; descriptors at run time have none.
"""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

# The lists of a FileDescriptorProto and of what is in it, by field number: a place in the source
# is a path of them, as descriptor.proto says at SourceCodeInfo.Location.
LISTS: Mapping[int, str] = {4: "message_type", 5: "enum_type", 6: "service"}
INNER: Mapping[str, Mapping[int, str]] = {
    "message_type": {2: "field", 3: "nested_type", 4: "enum_type"},
    "nested_type": {2: "field", 3: "nested_type", 4: "enum_type"},
    "enum_type": {2: "value"},
    "service": {2: "method"},
}


def comments() -> Mapping[str, str]:
    """Comment by full name, such as `agora.graph.v1.GraphCommands.Follow`, on one line."""
    data = (files("schemas.gen") / "agora.binpb").read_bytes()
    found: dict[str, str] = {}
    for file in FileDescriptorSet.FromString(data).file:
        found.update(_of_file(file))
    return found


def _of_file(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    for location in file.source_code_info.location:
        text = " ".join(location.leading_comments.split())
        if text and (name := _name_at(file, location.path)):
            yield f"{file.package}.{name}", text


def _name_at(file: FileDescriptorProto, path: Any) -> str:
    """The dotted name of what stands at `path`; empty for what has none."""
    place: Any = file
    lists = LISTS
    names: list[str] = []
    steps = list(path)
    while steps:
        kind = lists.get(steps[0], "")
        if not kind or len(steps) == 1:
            return ""
        place = getattr(place, kind)[steps[1]]
        names.append(place.name)
        lists, steps = INNER.get(kind, {}), steps[2:]
    return ".".join(names)
