"""Single values between JSON and protobuf, following ProtoJSON.

A reader takes a JSON value, or the text of a path or query, and gives what the field holds; it
raises Unfit with a sentence. A writer gives what orjson can write.
"""

import base64
import binascii
import math
import re
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from infra.crypto.public_ids import PublicIds
from schemas.gen import options_pb2
from schemas.refusals import Invalid, NotFound

Reader = Callable[[Any], Any]
Writer = Callable[[Any], Any]

TIMESTAMP: Final = "google.protobuf.Timestamp"
DURATION: Final = "google.protobuf.Duration"
FIELD_MASK: Final = "google.protobuf.FieldMask"

NOBODY: Final = str(UUID("ffffffff-ffff-7fff-bfff-ffffffffffff"))
"""Stands, in lists, for an id that was never given out: its time is the last there is."""

INTEGERS: Final = {
    FieldDescriptor.CPPTYPE_INT32: (-(1 << 31), (1 << 31) - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, (1 << 32) - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(1 << 63), (1 << 63) - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, (1 << 64) - 1),
}
LONG: Final = (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64)
FLOATS: Final = (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE)

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,19})")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_SPAN = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,9})?s")


class Unfit(ValueError):
    """A value that the field cannot hold; the text completes "the field ..."."""

    reason = "INVALID_FIELDS"


class UnfitId(Unfit):
    """A text that is no public id."""

    reason = "ID_MALFORMED"


class Unsupported(Exception):
    """A field that has no form at the edge: mend the proto file, or teach this module."""


def id_kind(field: FieldDescriptor) -> int:
    """Which kind of id the field holds (`agora.options.v1.Id`), 0 for none."""
    return int(field.GetOptions().Extensions[options_pb2.id])


def reader(field: FieldDescriptor, ids: PublicIds) -> Reader:
    """Reads one value of `field`, one element if it is repeated. Raises Unsupported."""
    if kind := id_kind(field):
        return _listed_id(kind, ids) if field.is_repeated else _id(kind, ids)
    if limits := INTEGERS.get(field.cpp_type):
        return _integer(*limits)
    if field.cpp_type in FLOATS:
        return _number(single=field.cpp_type == FieldDescriptor.CPPTYPE_FLOAT)
    if field.enum_type is not None:
        return _enum(field.enum_type)
    match field.type:
        case FieldDescriptor.TYPE_STRING:
            return _text
        case FieldDescriptor.TYPE_BOOL:
            return _boolean
        case FieldDescriptor.TYPE_BYTES:
            return _bytes
    match field.message_type.full_name if field.message_type else "":
        case "google.protobuf.Timestamp":
            return _instant
        case "google.protobuf.Duration":
            return _span
    raise Unsupported(f"{field.full_name} has no form in JSON here")


def writer(field: FieldDescriptor, ids: PublicIds) -> Writer | None:
    """Writes one value of `field`; None when it can go out as it is. Raises Unsupported."""
    if kind := id_kind(field):
        return lambda text: ids.seal(kind, UUID(text)) if text else ""
    if field.cpp_type in LONG:
        return str
    if field.enum_type is not None:
        names = {number: value.name for number, value in field.enum_type.values_by_number.items()}
        return lambda number: names.get(number, number)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return lambda data: base64.b64encode(data).decode()
    if field.message_type is None:
        return None
    if field.message_type.full_name in (TIMESTAMP, DURATION):
        return lambda message: message.ToJsonString()
    raise Unsupported(f"{field.full_name} has no form in JSON here")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit("must be a string")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Unfit("must be Unicode text, without lone surrogates") from None
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Unfit("must be true or false")
    return value


def _integer(least: int, most: int) -> Reader:
    fault = f"must be a whole number from {least} to {most}"

    def read(value: Any) -> int:
        text = isinstance(value, str) and _DECIMAL.fullmatch(value)
        whole = isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53
        if text or whole:
            value = int(value)
        if type(value) is not int or not least <= value <= most:
            raise Unfit(fault)
        return value

    return read


def _number(*, single: bool) -> Reader:
    most = 3.4028234663852886e38 if single else math.inf

    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise Unfit("must be a number")
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise Unfit("must be a number") from None
        if not math.isfinite(number) or abs(number) > most:
            raise Unfit("must be a finite number")
        return number

    return read


def _enum(kind: EnumDescriptor) -> Reader:
    names = {name: value.number for name, value in kind.values_by_name.items()}
    known = frozenset(names.values())
    fault = "must be one of " + ", ".join(names)

    def read(value: Any) -> int:
        if isinstance(value, str) and value in names:
            return names[value]
        if type(value) is int and value in known:
            return value
        raise Unfit(fault)

    return read


def _bytes(value: Any) -> bytes:
    try:
        text = _text(value).replace("-", "+").replace("_", "/")
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Unfit("must be base64") from None


def _instant(value: Any) -> Timestamp:
    instant = Timestamp()
    try:
        if isinstance(value, str) and _INSTANT.fullmatch(value):
            instant.FromJsonString(value)
            return instant
    except ValueError:
        pass
    raise Unfit("must be a time such as 2026-03-01T12:00:00Z") from None


def _span(value: Any) -> Duration:
    span = Duration()
    try:
        if isinstance(value, str) and _SPAN.fullmatch(value):
            span.FromJsonString(value)
            return span
    except ValueError:
        pass
    raise Unfit("must be a number of seconds such as 1.5s") from None


def _id(kind: int, ids: PublicIds) -> Reader:
    def read(value: Any) -> str:
        try:
            return str(ids.open(kind, _text(value)))
        except Invalid:
            raise UnfitId("is not an id issued here") from None

    return read


def _listed_id(kind: int, ids: PublicIds) -> Reader:
    read_one = _id(kind, ids)

    def read(value: Any) -> str:
        # A list leaves out what is absent: one such id must not fail the others.
        try:
            return str(read_one(value))
        except NotFound:
            return NOBODY

    return read
