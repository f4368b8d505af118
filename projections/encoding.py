"""Rows as PostgreSQL's binary format has them: what is copied in, sent, and contents are told by.

The same bytes come out of the database (`sent`), so that a hash of them says whether two rows are
the same without knowing what they hold. Values that PostgreSQL would refuse are refused here, row
by row, with the name of the column.
"""

import json
import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

from projections.tables import Column, Key, Row, Table, columns_of, is_array, sent_as

COPY_START: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_END: Final = b"\xff\xff"

_NULL: Final = b"\xff\xff\xff\xff"
_MILLENNIUM: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SIZE: Final = struct.Struct(">i").pack
_INTEGER: Final = struct.Struct(">ii").pack
_BIGINT: Final = struct.Struct(">iq").pack
_ARRAY: Final = struct.Struct(">iii").pack
_DIMENSION: Final = struct.Struct(">ii").pack
_BOOLEANS: Final = {False: b"\x00\x00\x00\x01\x00", True: b"\x00\x00\x00\x01\x01"}
_EMPTY_OBJECT: Final = b"\x00\x00\x00\x03\x01{}"
_REFUSED: Final = (ValueError, TypeError, KeyError, AttributeError, OverflowError, struct.error)

Field = Callable[[Any], bytes]
"""From a value to its field: four bytes of length, and the value as the type is sent."""


class Unstorable(ValueError):
    """No row of the table can hold this value; the text names the column, and not the value."""


class Kind(NamedTuple):
    """One SQL type: its number in the database, its fields, and what is sent in SQL, of `{}`."""

    oid: int
    field: Field
    sent: str


def _sized(data: bytes) -> bytes:
    return _SIZE(len(data)) + data


def _text(value: str) -> bytes:
    if "\x00" in value:
        raise ValueError("A text holds no NUL.")
    return _sized(value.encode())


def _timestamp(value: datetime) -> bytes:
    return _BIGINT(8, (value - _MILLENNIUM) // _MICROSECOND)


def _uuid(value: UUID) -> bytes:
    return b"\x00\x00\x00\x10" + value.int.to_bytes(16)


def _jsonb(value: object) -> bytes:
    if value == {}:
        return _EMPTY_OBJECT
    return _sized(b"\x01" + _canonical(value).encode())


def _canonical(value: object) -> str:
    """JSON as `jsonb` is written out: keys by length, then bytes; a space after each separator."""
    match value:
        case dict():
            keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
            return (
                "{" + ", ".join(f"{_quoted(key)}: {_canonical(value[key])}" for key in keys) + "}"
            )
        case list() | tuple():
            return "[" + ", ".join(map(_canonical, value)) + "]"
        case str():
            return _quoted(value)
        case None | bool() | int():
            return json.dumps(value)
        case _:
            raise TypeError("JSON of a row holds texts, whole numbers, lists and objects.")


def _quoted(text: str) -> str:
    if "\x00" in text:
        raise ValueError("A text holds no NUL.")
    return json.dumps(text, ensure_ascii=False)


KINDS: Final = {
    "boolean": Kind(16, _BOOLEANS.__getitem__, "boolsend({})"),
    "bigint": Kind(20, partial(_BIGINT, 8), "int8send({})"),
    "integer": Kind(23, partial(_INTEGER, 4), "int4send({})"),
    "text": Kind(25, _text, "textsend({})"),
    "timestamptz": Kind(1184, _timestamp, "timestamptz_send({})"),
    "uuid": Kind(2950, _uuid, "uuid_send({})"),
    "jsonb": Kind(3802, _jsonb, "jsonb_send({})"),
}
"""The types that columns of read models may have, alone or in arrays."""


def _sent_jsonb(value: object) -> bytes:
    """JSON in whatever form: the database brings it into its own."""
    if value is None:
        raise TypeError("The null of JSON is not what a column without nulls may hold.")
    return _sized(b"\x01" + msgspec.json.encode(value))


@cache
def encoder(table: Table) -> Callable[[Row], bytes]:
    """From a row to one tuple of a binary COPY of all columns; raises `Unstorable`."""
    fields = [(column.name, _field(column)) for column in columns_of(table)]
    count = struct.pack(">h", len(fields))

    def encoded(row: Row) -> bytes:
        try:
            return count + b"".join([field(row[name]) for name, field in fields])
        except _REFUSED as problem:
            raise Unstorable(_refused(table, fields, row)) from problem

    return encoded


@cache
def key_encoder(table: Table) -> Callable[[Key], bytes]:
    """From a row's key to the bytes of its fields; raises `Unstorable`."""
    by_name = {column.name: _field(column) for column in columns_of(table)}
    fields = [(name, by_name[name]) for name in table.key]

    def encoded(key: Key) -> bytes:
        try:
            return b"".join([field(value) for (_, field), value in zip(fields, key, strict=True)])
        except _REFUSED as problem:
            row = dict(zip(table.key, key, strict=True))
            raise Unstorable(_refused(table, fields, row)) from problem

    return encoded


class Sent(bytes):
    """A parameter as its type is sent in binary; the statement says which type that is."""


class _SentDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Sent) -> bytes:
        return obj


psycopg.adapters.register_dumper(Sent, _SentDumper)


@cache
def array_sender(column: Column) -> Callable[[Sequence[Any]], Sent]:
    """From values of the column to the array that carries them (`sent_as`); raises `Unstorable`.

    For rows of a few columns, psycopg's own way from lists takes several times as long.
    """
    kind = KINDS[sent_as(column)]
    field = _sent_jsonb if sent_as(column) == "jsonb" else kind.field
    elements = _elements(kind.oid, _nullable(field) if column.nullable else field)

    def sent(values: Sequence[Any]) -> Sent:
        try:
            return Sent(elements(values))
        except _REFUSED as problem:
            reason = f"{column.name} cannot hold it: {type(problem).__name__}."
            raise Unstorable(reason) from problem

    return sent


def require_storable(table: Table, values: Row) -> None:
    """Raise `Unstorable` for a value, of some columns of a row, that no row can hold."""
    fields = [(column.name, _field(column)) for column in columns_of(table)]
    given = [(name, field) for name, field in fields if name in values]
    try:
        for name, field in given:
            field(values[name])
    except _REFUSED as problem:
        raise Unstorable(_refused(table, given, values)) from problem


def _refused(table: Table, fields: Sequence[tuple[str, Field]], row: Row) -> str:
    for name, field in fields:
        try:
            field(row[name])
        except _REFUSED as problem:
            return f"{table.name}.{name} cannot hold it: {type(problem).__name__}."
    raise AssertionError(table.name)


def sent(table: Table, names: Iterable[str]) -> str:
    """The bytes of these columns of a row, without their count, as an SQL expression."""
    by_name = {column.name: column for column in columns_of(table)}
    return " || ".join(_sent(by_name[name]) for name in names)


def _sent(column: Column) -> str:
    kind = "array_send({})" if is_array(column) else KINDS[column.type].sent
    value = kind.format(column.name)
    field = f"int4send(octet_length({value})) || {value}"
    return f"coalesce({field}, '\\xffffffff')" if column.nullable else field


def _field(column: Column) -> Field:
    field = _array(KINDS[column.type[:-2]]) if is_array(column) else KINDS[column.type].field
    return _nullable(field) if column.nullable else field


def _nullable(field: Field) -> Field:
    return lambda value: _NULL if value is None else field(value)


def _array(kind: Kind) -> Field:
    elements = _elements(kind.oid, kind.field)
    return lambda values: _sized(elements(values))


def _elements(oid: int, field: Field) -> Field:
    """From a sequence to an array of one dimension, without its length in bytes."""

    def elements(values: Sequence[Any]) -> bytes:
        if len(values) == 0:
            return _ARRAY(0, 0, oid)
        head = _ARRAY(1, 0, oid) + _DIMENSION(len(values), 1)
        return head + b"".join(map(field, values))

    return elements
