"""The proto rules bite: each planted breach is named, and what only adds is let through."""

from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
    SourceCodeInfo,
)

from schemas.breaking import breaking_changes
from schemas.generate import drift
from schemas.lint import lint
from tests.house.sources import ROOT

Type = FieldDescriptorProto.Type
STRING, INT64 = FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.TYPE_INT64
EVERYTHING = [(4, 0), (5, 0), (6, 0), (6, 0, 2, 0)]


def field(name: str, number: int, kind: Type.ValueType = STRING) -> FieldDescriptorProto:
    return FieldDescriptorProto(name=name, number=number, type=kind)


def posts(
    *fields: FieldDescriptorProto,
    package: str = "agora.posts.v1",
    zero: str = "AUDIENCE_UNSPECIFIED",
    method: str = "Publish",
    commented: list[tuple[int, ...]] = EVERYTHING,
) -> FileDescriptorProto:
    enum = EnumDescriptorProto(name="Audience")
    enum.value.add(name=zero, number=0)
    rpc = MethodDescriptorProto(name=method, input_type=".Post", output_type=".Post")
    places = [SourceCodeInfo.Location(path=path, leading_comments=" Said.") for path in commented]
    return FileDescriptorProto(
        name="schemas/gen/posts.proto",
        package=package,
        syntax="proto3",
        message_type=[DescriptorProto(name="Post", field=fields or [field("body", 1)])],
        enum_type=[enum],
        service=[ServiceDescriptorProto(name="Posts", method=[rpc])],
        source_code_info=SourceCodeInfo(location=places),
    )


def breaks(before: FileDescriptorProto, after: FileDescriptorProto) -> list[str]:
    return breaking_changes(FileDescriptorSet(file=[before]), FileDescriptorSet(file=[after]))


def test_a_tidy_file_has_no_findings() -> None:
    assert lint([posts()]) == []


@pytest.mark.parametrize(
    "file",
    [
        posts(package="posts"),
        posts(field("bodyText", 1)),
        posts(zero="AUDIENCE_PUBLIC"),
        *(posts(commented=[p for p in EVERYTHING if p != place]) for place in EVERYTHING),
    ],
)
def test_a_planted_breach_is_named(file: FileDescriptorProto) -> None:
    assert len(lint([file])) == 1


def test_adding_breaks_nobody() -> None:
    assert breaks(posts(field("body", 1)), posts(field("body", 1), field("tag", 2))) == []


@pytest.mark.parametrize(
    "after",
    [
        posts(field("tag", 2)),
        posts(field("text", 1)),
        posts(field("body", 1, INT64)),
        posts(field("body", 1), zero="AUDIENCE_NONE"),
        posts(field("body", 1), method="Post"),
    ],
)
def test_a_change_that_breaks_clients_is_named(after: FileDescriptorProto) -> None:
    assert len(breaks(posts(field("body", 1)), after)) == 1


def test_a_reserved_number_may_go() -> None:
    after = posts(field("tag", 2))
    after.message_type[0].reserved_range.add(start=1, end=2)
    assert breaks(posts(field("body", 1)), after) == []


def test_drift_names_what_is_missing_left_over_and_different() -> None:
    fresh, committed = {"a": b"1", "b": b"1"}, {"b": b"2", "c": b"1"}
    assert drift(fresh, committed) == [
        "schemas/gen/a: missing",
        "schemas/gen/b: differs",
        "schemas/gen/c: left over",
    ]


def test_the_baseline_of_the_api_is_kept() -> None:
    assert Path(ROOT, "schemas/baseline.binpb").stat().st_size > 0
