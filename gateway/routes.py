"""Routes, read from `google.api.http` in the descriptors (AIP-127), and their lookup.

A template is made of literals and whole-segment variables, `/v1/people/{account_id}/follow`. What
that option can say beyond (wildcards over segments, a body that is one field) is refused at start,
as is every pair of routes that one request could match.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from google.api import annotations_pb2
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from msgspec import Struct

from gateway.refusals import AddressUnknown, VerbRefused
from schemas.refusals import Invalid

VERBS: Final = ("get", "put", "post", "delete", "patch")
WHOLE_BODY: Final = "*"

_VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*)(?:=\*)?\}")
_LITERAL = re.compile(r"[A-Za-z0-9._~-]+")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Misrouted(Exception):
    """The routes in the proto files cannot be served; the text lists every fault."""


class Segment(Struct, frozen=True):
    """One part of a path between slashes: a literal, or any text, which `variable` names."""

    text: str
    variable: bool


class Binding(Struct, frozen=True, eq=False):
    """One route to one method. With `body` the request's body is the whole message."""

    verb: str
    segments: tuple[Segment, ...]
    body: bool
    method: MethodDescriptor

    @property
    def template(self) -> str:
        """As the proto file says it, `/v1/people/{account_id}`."""
        parts = (f"{{{part.text}}}" if part.variable else part.text for part in self.segments)
        return "/" + "/".join(parts)

    @property
    def variables(self) -> tuple[str, ...]:
        """The fields that the path gives, in its order."""
        return tuple(part.text for part in self.segments if part.variable)


class Routes:
    """Finds the binding of a request. Raises Misrouted for bindings that overlap."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self.bindings = tuple(bindings)
        if faults := list(_overlaps(self.bindings)):
            raise Misrouted("; ".join(faults))
        self._root = _Node()
        for binding in self.bindings:
            self._root.add(binding)

    def match(self, verb: str, raw_path: bytes) -> tuple[Binding, Mapping[str, str]]:
        """The binding for `verb` and the path as it was sent, and the path's variables.

        HEAD is answered as GET. Raises AddressUnknown, VerbRefused, or Invalid PATH_MALFORMED for
        a path that is not UTF-8.
        """
        parts = _parts(raw_path)
        found = {binding.verb: binding for binding in self._root.found(parts)}
        if not found:
            raise AddressUnknown
        binding = found.get("GET" if verb == "HEAD" else verb)
        if binding is None:
            raise VerbRefused(_allowed(found))
        named = {
            segment.text: part
            for segment, part in zip(binding.segments, parts, strict=True)
            if segment.variable
        }
        return binding, named


class _Node:
    """A place in the tree of segments; below a variable the value does not matter."""

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.variable: _Node | None = None
        self.bindings: list[Binding] = []

    def add(self, binding: Binding) -> None:
        node = self
        for segment in binding.segments:
            if segment.variable:
                node.variable = node.variable or _Node()
                node = node.variable
            else:
                node = node.literals.setdefault(segment.text, _Node())
        node.bindings.append(binding)

    def found(self, parts: tuple[str, ...]) -> Iterator[Binding]:
        if not parts:
            yield from self.bindings
            return
        if (literal := self.literals.get(parts[0])) is not None:
            yield from literal.found(parts[1:])
        if parts[0] and self.variable is not None:
            yield from self.variable.found(parts[1:])


def bindings_of(method: MethodDescriptor) -> list[Binding]:
    """The routes of a method: none for one that is not public. Raises Misrouted."""
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    if rule.WhichOneof("pattern") is None:
        return []
    faults: list[str] = []
    found = [
        binding
        for one in (rule, *rule.additional_bindings)
        for binding in _binding(method, one, faults)
    ]
    if faults:
        raise Misrouted("; ".join(f"{method.full_name}: {fault}" for fault in faults))
    return found


def _binding(method: MethodDescriptor, rule: Any, faults: list[str]) -> Iterator[Binding]:
    kind = rule.WhichOneof("pattern")
    if kind not in VERBS:
        faults.append("a route has one of the verbs " + ", ".join(VERBS))
        return
    if rule.body not in ("", WHOLE_BODY) or rule.response_body:
        faults.append("a body is the whole message or nothing")
        return
    template = getattr(rule, kind)
    segments = [_segment(text) for text in template.split("/")[1:]]
    if not template.startswith("/") or None in segments:
        faults.append(f"{template} is not made of literals and {{field}}")
        return
    parts = tuple(segment for segment in segments if segment is not None)
    binding = Binding(kind.upper(), parts, rule.body == WHOLE_BODY, method)
    if problems := list(_unbindable(binding)):
        faults += problems
    else:
        yield binding


def _segment(text: str) -> Segment | None:
    if variable := _VARIABLE.fullmatch(text):
        return Segment(variable[1], variable=True)
    return Segment(text, variable=False) if _LITERAL.fullmatch(text) else None


def _unbindable(binding: Binding) -> Iterator[str]:
    names = binding.variables
    if len(set(names)) < len(names):
        yield f"{binding.template} names a field twice"
    fields = binding.method.input_type.fields_by_name
    for name in names:
        field = fields.get(name)
        if field is None or field.type != FieldDescriptor.TYPE_STRING or field.is_repeated:
            yield f"{binding.template}: {name} is not a text field of the request"


def _overlaps(bindings: tuple[Binding, ...]) -> Iterator[str]:
    for one, other in combinations(bindings, 2):
        if len(one.segments) != len(other.segments):
            continue
        pairs = list(zip(one.segments, other.segments, strict=True))
        if one.verb == other.verb and all(map(_could_be_equal, pairs)):
            yield f"{one.verb} {one.template} and {other.template} match the same requests"
        elif all(_same_place(*pair) for pair in pairs) and one.template != other.template:
            # OpenAPI calls such templates identical, whatever their verbs.
            yield f"{one.template} and {other.template} name one variable twice"


def _could_be_equal(pair: tuple[Segment, Segment]) -> bool:
    one, other = pair
    return one.variable or other.variable or one.text == other.text


def _same_place(one: Segment, other: Segment) -> bool:
    return (one.variable and other.variable) or one == other


def _allowed(found: Mapping[str, Binding]) -> list[str]:
    verbs = {*found, "OPTIONS"} | ({"HEAD"} if "GET" in found else set())
    return sorted(verbs)


def _parts(raw_path: bytes) -> tuple[str, ...]:
    """What stands between the slashes, decoded: a slash that was encoded parts nothing."""
    try:
        if b"%" not in raw_path:
            return tuple(raw_path.decode().split("/")[1:])
        if not _BROKEN_ESCAPE.search(raw_path):
            return tuple(unquote_to_bytes(part).decode() for part in raw_path.split(b"/")[1:])
    except UnicodeDecodeError:
        pass
    raise Invalid("PATH_MALFORMED", "The path is not percent-encoded UTF-8.") from None
