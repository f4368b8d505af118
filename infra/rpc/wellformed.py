"""Makes the text in a request well-formed, or says where it is not, before lengths are checked.

For every message type one function is compiled, once, that visits just the fields that can be
wrong: strings become NFC and hold no control characters but tab and newline, enums have known
numbers, field masks name fields. A request of plain ASCII costs two checks a field.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

Problems = dict[str, str]
Check = Callable[[Any, Problems, str], None]
"""Mends a message in place; notes what it cannot mend by path, each path after a prefix."""

FIELD_MASK: Final = "google.protobuf.FieldMask"
FORBIDDEN: Final = "must not contain control characters"
UNKNOWN_NUMBER: Final = "must be one of the known values"
UNUSABLE_KEY: Final = "must have keys in Unicode form NFC without control characters"
UNKNOWN_PATHS: Final = "must name fields of this request"

# Controls but tab and newline, separators and marks that reorder text or pass for nothing
# (UAX #9 embeddings, overrides and isolates, which reverse whatever follows), noncharacters.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]"
)


def compiled(descriptor: Descriptor) -> Check | None:
    """The check of one message type; None when nothing in it can be wrong."""
    return _compiled(descriptor, {})


def _compiled(descriptor: Descriptor, known: dict[str, Check]) -> Check | None:
    if descriptor.full_name in known:
        return known[descriptor.full_name]
    checks: list[Check] = []

    def check(message: Any, problems: Problems, prefix: str) -> None:
        for one in checks:
            one(message, problems, prefix)

    known[descriptor.full_name] = check  # Before its fields, for types that hold themselves.
    checks.extend(one for field in descriptor.fields for one in _of_field(field, known))
    return check if checks else None


def _of_field(field: FieldDescriptor, known: dict[str, Check]) -> Iterator[Check]:
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        yield from _of_map(field, known)
    elif field.type == FieldDescriptor.TYPE_STRING:
        yield _texts(field.name) if field.is_repeated else _text(field.name)
    elif field.enum_type is not None:
        yield _enum(field, field.enum_type)
    elif inner is not None and inner.full_name == FIELD_MASK and not field.is_repeated:
        yield _mask(field.name)
    elif inner is not None and (check := _compiled(inner, known)):
        yield _messages(field.name, check) if field.is_repeated else _message(field.name, check)


def _text(name: str) -> Check:
    def check(message: Any, problems: Problems, prefix: str) -> None:
        text = getattr(message, name)
        if not (text.isascii() and text.isprintable()):
            setattr(message, name, _mended(text, problems, prefix + name))

    return check


def _texts(name: str) -> Check:
    def check(message: Any, problems: Problems, prefix: str) -> None:
        texts = getattr(message, name)
        for index, text in enumerate(texts):
            if not (text.isascii() and text.isprintable()):
                texts[index] = _mended(text, problems, f"{prefix}{name}[{index}]")

    return check


def _enum(field: FieldDescriptor, kind: EnumDescriptor) -> Check:
    name, numbers = field.name, frozenset(kind.values_by_number)

    def check(message: Any, problems: Problems, prefix: str) -> None:
        value = getattr(message, name)
        if not numbers.issuperset(value if field.is_repeated else (value,)):
            problems[prefix + name] = UNKNOWN_NUMBER

    return check


def _mask(name: str) -> Check:
    def check(message: Any, problems: Problems, prefix: str) -> None:
        mask = getattr(message, name)
        if mask.paths and not mask.IsValidForDescriptor(message.DESCRIPTOR):
            problems[prefix + name] = UNKNOWN_PATHS

    return check


def _message(name: str, inner: Check) -> Check:
    def check(message: Any, problems: Problems, prefix: str) -> None:
        if message.HasField(name):
            inner(getattr(message, name), problems, f"{prefix}{name}.")

    return check


def _messages(name: str, inner: Check) -> Check:
    def check(message: Any, problems: Problems, prefix: str) -> None:
        for index, one in enumerate(getattr(message, name)):
            inner(one, problems, f"{prefix}{name}[{index}].")

    return check


def _of_map(field: FieldDescriptor, known: dict[str, Check]) -> Iterator[Check]:
    entry = field.message_type
    assert entry is not None
    key, value = entry.fields_by_name["key"], entry.fields_by_name["value"]
    name = field.name
    if key.type == FieldDescriptor.TYPE_STRING:
        yield _keys(name)
    if value.type == FieldDescriptor.TYPE_STRING:
        yield _values(name)
    elif value.message_type is not None and (inner := _compiled(value.message_type, known)):
        yield _entries(name, inner)


def _keys(name: str) -> Check:
    def check(message: Any, problems: Problems, prefix: str) -> None:
        for key in getattr(message, name):
            if _FORBIDDEN.search(key) or not unicodedata.is_normalized("NFC", key):
                problems[prefix + name] = UNUSABLE_KEY

    return check


def _values(name: str) -> Check:
    def check(message: Any, problems: Problems, prefix: str) -> None:
        texts = getattr(message, name)
        for key, text in list(texts.items()):
            if not (text.isascii() and text.isprintable()):
                texts[key] = _mended(text, problems, prefix + name)

    return check


def _entries(name: str, inner: Check) -> Check:
    def check(message: Any, problems: Problems, prefix: str) -> None:
        for one in getattr(message, name).values():
            inner(one, problems, f"{prefix}{name}.")

    return check


def _mended(text: str, problems: Problems, path: str) -> str:
    if _FORBIDDEN.search(text):
        problems[path] = FORBIDDEN
    return unicodedata.normalize("NFC", text)


def well_formed(message: Message, check: Check | None) -> Problems:
    """What is wrong in `message` by path, after mending what can be mended in place."""
    problems: Problems = {}
    if check is not None:
        check(message, problems, "")
    return problems
