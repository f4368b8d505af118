"""Requests: JSON bodies, paths and queries as protobuf messages.

Everything that depends on the message type alone is decided once; names may be written in
camelCase, as answers have them, or in snake_case, as the proto files do. All faults of a request
are told together, each at its field.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from gateway.json_text import shown
from gateway.scalars import DURATION, FIELD_MASK, TIMESTAMP, Reader, Unfit, Unsupported, reader
from infra.crypto.public_ids import PublicIds
from schemas.refusals import Invalid

Assign = Callable[[Message, Any, "Faults", str], None]
"""Puts a JSON value into a field of a message; notes at the path what does not fit."""

FAULTS_MAX: Final = 16
TWICE: Final = "appears twice"
UNKNOWN: Final = "is not a field of this request"
SCALAR_MESSAGES: Final = (TIMESTAMP, DURATION)


class Faults:
    """What is wrong with a request, by path; only the first sixteen are kept."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self._reasons: set[str] = set()

    def note(self, path: str, fault: str, reason: str = "INVALID_FIELDS") -> None:
        """Adds one fault."""
        self._reasons.add(reason)
        if len(self.fields) < FAULTS_MAX:
            self.fields.setdefault(path, fault)

    def refuse(self) -> None:
        """Raises Invalid if there are faults: their reason when they share it."""
        if not self._reasons:
            return
        reason = next(iter(self._reasons)) if len(self._reasons) == 1 else "INVALID_FIELDS"
        named = ", ".join(path for path in self.fields if path)
        raise Invalid(reason, f"Not valid: {named or 'the request'}.", self.fields)


class _Field:
    """A field as a request can give it: by JSON, and by texts where it is simple enough."""

    def __init__(self, field: FieldDescriptor, ids: PublicIds) -> None:
        self.name = field.name
        self.json_name = field.json_name
        self.oneof = field.containing_oneof.name if field.containing_oneof else ""
        self.assign = _assign(field, ids)
        self.boolean = field.type == FieldDescriptor.TYPE_BOOL
        self.repeated = field.is_repeated
        self.simple = field.message_type is None or field.message_type.full_name in (
            *SCALAR_MESSAGES,
            FIELD_MASK,
        )


class RequestReader:
    """Reads the requests of one binding.

    `variables` are the fields that the path gives; the rest come from the body or, with `body`
    false, from the query. Raises Unsupported for fields that cannot come from there.
    """

    def __init__(
        self, descriptor: Descriptor, variables: Sequence[str], ids: PublicIds, *, body: bool
    ) -> None:
        _require_bounds(descriptor, ())
        fields = {field.name: _Field(field, ids) for field in descriptor.fields}
        self._message = GetMessageClass(descriptor)
        self._by_path = {name: fields.pop(name) for name in variables}
        if not body:
            for name, field in fields.items():
                if not field.simple:
                    raise Unsupported(f"{descriptor.full_name}.{name} cannot come from a query")
        self._named = _by_both_names(fields.values())

    def from_body(self, variables: Mapping[str, str], value: Any) -> Message:
        """The message that the path and a JSON value make. Raises Invalid."""
        message, faults = self._started(variables)
        _fill(message, value, faults, "", self._named)
        faults.refuse()
        return message

    def from_query(self, variables: Mapping[str, str], pairs: Iterable[tuple[str, str]]) -> Message:
        """The message that the path and the query's names and texts make. Raises Invalid."""
        message, faults = self._started(variables)
        given: dict[str, list[str]] = {}
        for name, text in pairs:
            if (field := self._named.get(name)) is None:
                faults.note(shown(name), UNKNOWN)
            else:
                given.setdefault(field.name, []).append(text)
        values = {
            self._named[name].json_name: _value_of(self._named[name], texts, faults)
            for name, texts in given.items()
        }
        _fill(message, values, faults, "", self._named)
        faults.refuse()
        return message

    def refuse_query(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Raises Invalid for the query of a route that takes a body: there is nothing in it."""
        faults = Faults()
        for name, _ in pairs:
            faults.note(shown(name), "belongs into the body")
        faults.refuse()

    def _started(self, variables: Mapping[str, str]) -> tuple[Message, Faults]:
        message, faults = self._message(), Faults()
        for name, text in variables.items():
            field = self._by_path[name]
            field.assign(message, text, faults, field.json_name)
        return message, faults


def _value_of(field: _Field, texts: list[str], faults: Faults) -> Any:
    values: list[Any] = [
        text == "true" if field.boolean and text in ("true", "false") else text for text in texts
    ]
    if field.repeated:
        return values
    if len(values) > 1:
        faults.note(field.json_name, TWICE)
    return values[0]


def _by_both_names(fields: Iterable[_Field]) -> dict[str, _Field]:
    return {name: field for field in fields for name in (field.name, field.json_name)}


def _fill(
    message: Message, value: Any, faults: Faults, prefix: str, named: Mapping[str, _Field]
) -> None:
    if not isinstance(value, dict):
        faults.note(prefix.rstrip("."), "must be an object")
        return
    seen: set[str] = set()
    for name, inner in value.items():
        field = named.get(name)
        if field is None:
            faults.note(prefix + shown(name), UNKNOWN)
            continue
        path = prefix + field.json_name
        if field.name in seen:
            faults.note(path, TWICE)
        elif field.oneof and field.oneof in seen:
            faults.note(path, "must be given alone")
        seen |= {field.name, field.oneof}
        if inner is not None:  # In ProtoJSON null is a field that was not given.
            field.assign(message, inner, faults, path)


def _assign(field: FieldDescriptor, ids: PublicIds) -> Assign:
    kind = field.message_type
    if kind is not None and kind.GetOptions().map_entry:
        return _map(field, ids)
    if kind is not None and kind.full_name == FIELD_MASK and not field.is_repeated:
        return _mask(field)
    if kind is not None and kind.full_name not in SCALAR_MESSAGES:
        return _messages(field, ids) if field.is_repeated else _message(field, ids)
    read = reader(field, ids)
    if field.is_repeated:
        return _list(field.name, read)
    return _submessage(field.name, read) if kind is not None else _single(field.name, read)


def _single(name: str, read: Reader) -> Assign:
    def assign(message: Message, value: Any, faults: Faults, path: str) -> None:
        try:
            setattr(message, name, read(value))
        except Unfit as unfit:
            faults.note(path, str(unfit), unfit.reason)

    return assign


def _submessage(name: str, read: Reader) -> Assign:
    def assign(message: Message, value: Any, faults: Faults, path: str) -> None:
        try:
            getattr(message, name).CopyFrom(read(value))
        except Unfit as unfit:
            faults.note(path, str(unfit), unfit.reason)

    return assign


def _list(name: str, read: Reader) -> Assign:
    def assign(message: Message, value: Any, faults: Faults, path: str) -> None:
        if not isinstance(value, list):
            faults.note(path, "must be a list")
            return
        target = getattr(message, name)
        for index, one in enumerate(value):
            try:
                target.append(read(one))
            except Unfit as unfit:
                faults.note(f"{path}[{index}]", str(unfit), unfit.reason)

    return assign


def _message(field: FieldDescriptor, ids: PublicIds) -> Assign:
    name, named = field.name, _fields_of(field, ids)

    def assign(message: Message, value: Any, faults: Faults, path: str) -> None:
        inner = getattr(message, name)
        inner.SetInParent()
        _fill(inner, value, faults, f"{path}.", named)

    return assign


def _messages(field: FieldDescriptor, ids: PublicIds) -> Assign:
    name, named = field.name, _fields_of(field, ids)

    def assign(message: Message, value: Any, faults: Faults, path: str) -> None:
        if not isinstance(value, list):
            faults.note(path, "must be a list")
            return
        target = getattr(message, name)
        for index, one in enumerate(value):
            _fill(target.add(), one, faults, f"{path}[{index}].", named)

    return assign


def _map(field: FieldDescriptor, ids: PublicIds) -> Assign:
    entry = field.message_type
    assert entry is not None
    key, value_field = entry.fields_by_name["key"], entry.fields_by_name["value"]
    if key.type != FieldDescriptor.TYPE_STRING or value_field.message_type is not None:
        raise Unsupported(f"{field.full_name}: maps at the edge go from text to plain values")
    name, read_key, read = field.name, reader(key, ids), reader(value_field, ids)

    def assign(message: Message, value: Any, faults: Faults, path: str) -> None:
        if not isinstance(value, dict):
            faults.note(path, "must be an object")
            return
        target = getattr(message, name)
        for one, inner in value.items():
            try:
                target[read_key(one)] = read(inner)
            except Unfit as unfit:
                faults.note(path, str(unfit), unfit.reason)

    return assign


def _mask(field: FieldDescriptor) -> Assign:
    """A mask is one text, `firstName,about`; what it may name stands beside it."""
    name, holder = field.name, field.containing_type
    assert holder is not None
    names = {
        spelling: other.name
        for other in holder.fields
        if other.name != field.name
        for spelling in (other.name, other.json_name)
    }

    def assign(message: Message, value: Any, faults: Faults, path: str) -> None:
        if not isinstance(value, str):
            faults.note(path, "must be a string of comma-separated names")
            return
        paths = value.split(",") if value else []
        if not names.keys() >= set(paths):
            faults.note(path, "must name fields of this request")
            return
        getattr(message, name).paths.extend(dict.fromkeys(names[one] for one in paths))

    return assign


def _fields_of(field: FieldDescriptor, ids: PublicIds) -> dict[str, _Field]:
    kind = field.message_type
    assert kind is not None
    return _by_both_names([_Field(inner, ids) for inner in kind.fields])


def _require_bounds(descriptor: Descriptor, above: tuple[str, ...]) -> None:
    """Requests have a depth; with it nobody can make reading one cost more than its length."""
    if descriptor.full_name in above:
        raise Unsupported(f"{descriptor.full_name} holds itself: a request would have no bounds")
    for field in descriptor.fields:
        if (inner := field.message_type) is not None:
            _require_bounds(inner, (*above, descriptor.full_name))
