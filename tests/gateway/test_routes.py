"""Routes come from the descriptors; what could be answered in two ways is refused at start."""

from typing import Any, cast

import pytest
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import MethodDescriptor

from gateway.refusals import AddressUnknown, VerbRefused
from gateway.routes import Misrouted, Routes, bindings_of
from schemas.gen import accounts_pb2, graph_pb2
from schemas.refusals import Invalid


def method(*rules: dict[str, Any]) -> MethodDescriptor:
    """A method with these routes, of a request with text fields a and b and a number n."""
    file = descriptor_pb2.FileDescriptorProto(name="a.proto", package="agora.test.v1")
    file.syntax = "proto3"
    asked = file.message_type.add(name="Asked")
    kinds = descriptor_pb2.FieldDescriptorProto
    for number, name in enumerate(("a", "b", "n"), start=1):
        kind = kinds.TYPE_INT32 if name == "n" else kinds.TYPE_STRING
        asked.field.add(name=name, number=number, type=kind, label=kinds.LABEL_OPTIONAL)
    one = file.service.add(name="S").method.add(name="M")
    one.input_type = one.output_type = ".agora.test.v1.Asked"
    first, *others = rules
    options = one.options.Extensions[annotations_pb2.http]
    for name, value in first.items():
        setattr(options, name, value)
    for other in others:
        options.additional_bindings.add(**other)
    file.dependency.append("google/api/annotations.proto")
    pool: Any = descriptor_pool.DescriptorPool()
    for needed in ("descriptor", "http", "annotations"):
        folder = "protobuf" if needed == "descriptor" else "api"
        default: Any = descriptor_pool.Default()
        pool.AddSerializedFile(
            default.FindFileByName(f"google/{folder}/{needed}.proto").serialized_pb
        )
    pool.AddSerializedFile(file.SerializeToString())
    # Options are read with the extension of the default pool, as of any descriptor here.
    found = pool.FindServiceByName("agora.test.v1.S").methods_by_name["M"]
    return cast("MethodDescriptor", _Readable(found, one.options))


class _Readable:
    """A method whose options are of the default pool's types."""

    def __init__(self, found: Any, options: Any) -> None:
        self.full_name = found.full_name
        self.input_type = found.input_type
        self._options = options

    def GetOptions(self) -> Any:
        return self._options


def routes(*rules: dict[str, Any]) -> Routes:
    return Routes(bindings_of(method(*rules)))


def test_a_path_gives_its_variables() -> None:
    binding, named = routes({"get": "/v1/{a}/of/{b}"}).match("GET", b"/v1/x%20y/of/%C3%A9")
    assert (binding.verb, named) == ("GET", {"a": "x y", "b": "é"})


def test_a_method_may_have_several_routes() -> None:
    both = routes({"get": "/v1/a/{a}"}, {"post": "/v1/b", "body": "*"})
    assert both.match("GET", b"/v1/a/x")[0].variables == ("a",)
    assert both.match("POST", b"/v1/b")[0].body


def test_head_is_answered_as_get() -> None:
    assert routes({"get": "/v1/a"}).match("HEAD", b"/v1/a")[0].verb == "GET"


@pytest.mark.parametrize(
    "path", [b"", b"/", b"/v1", b"/v1/a/", b"/v1/a/x/y", b"/v1//x", b"/V1/a/x"]
)
def test_an_unknown_path_is_refused(path: bytes) -> None:
    with pytest.raises(AddressUnknown):
        routes({"get": "/v1/a/{a}"}, {"get": "/v1/b/{a}/c"}).match("GET", path)


def test_another_verb_is_refused_with_those_that_are_allowed() -> None:
    two = routes({"get": "/v1/a"}, {"delete": "/v1/a"})
    with pytest.raises(VerbRefused) as refused:
        two.match("POST", b"/v1/a")
    assert refused.value.allowed == ("DELETE", "GET", "HEAD", "OPTIONS")


@pytest.mark.parametrize("path", [b"/v1/a/%ff", b"/v1/a/%", b"/v1/a/%4", b"/v1/a/%zz", b"/v1/\xff"])
def test_a_path_that_is_not_utf8_is_refused(path: bytes) -> None:
    with pytest.raises(Invalid, match="PATH_MALFORMED"):
        routes({"get": "/v1/a/{a}"}).match("GET", path)


@pytest.mark.parametrize(
    "rules",
    [
        [{"get": "/v1/{a}"}, {"get": "/v1/{a}"}],
        [{"get": "/v1/{a}/x"}, {"get": "/v1/y/{a}"}],
        [{"get": "/v1/{a}"}, {"get": "/v1/literal"}],
        [{"get": "/v1/{a}"}, {"delete": "/v1/{b}"}],
    ],
)
def test_routes_that_overlap_are_refused_at_start(rules: list[dict[str, Any]]) -> None:
    with pytest.raises(Misrouted):
        routes(*rules)


@pytest.mark.parametrize(
    "rule",
    [
        {"get": "/v1/{a=**}"},
        {"get": "/v1/{a=x/*}"},
        {"get": "/v1/*"},
        {"get": "v1"},
        {"get": "/v1/{missing}"},
        {"get": "/v1/{n}"},
        {"get": "/v1/{a}/{a}"},
        {"post": "/v1/a", "body": "a"},
        {"get": "/v1/a", "response_body": "a"},
    ],
)
def test_a_route_beyond_the_subset_is_refused_at_start(rule: dict[str, Any]) -> None:
    with pytest.raises(Misrouted):
        routes(rule)


def test_the_product_has_a_route_for_every_public_method() -> None:
    for file in (accounts_pb2.DESCRIPTOR, graph_pb2.DESCRIPTOR):
        for service in file.services_by_name.values():
            assert all(bindings_of(one) for one in service.methods)
