"""A row of a read model, by the names and values on the command line."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from cli.known import require
from cli.output import UNUSABLE, Failure
from projections.model import Model, tables_of
from projections.models import MODELS
from projections.tables import Key, Table, Value, columns_of


class Named(Struct, frozen=True):
    """One row: of which model and table, and its key."""

    model: Model
    table: Table
    key: Key


def row_named(name: str, words: Sequence[str]) -> Named:
    """The row of the table `name`, such as `follows` or `graph.follows`, with the key in `words`.

    They are values in the order of the key, or `column=value` in any. Raises Failure.
    """
    model, table = _table_named(name)
    return Named(model, table, _key(table, words))


def _table_named(name: str) -> tuple[Model, Table]:
    tables = {table.name: (model, table) for model in MODELS for table in tables_of(model)}
    models = {model.name: model for model in MODELS}
    first, dot, last = name.partition(".")
    if dot:
        require(first, models, "read model")
        own = [table.name for table in tables_of(models[first])]
        require(last, own, f"table of {first}")
        return tables[last]
    if name in models and name not in tables:
        own = [table.name for table in tables_of(models[name])]
        message = f"{name} is a read model, and this takes one of its tables."
        raise Failure(message, f"one of {', '.join(own)}", UNUSABLE)
    require(name, tables, "table of a read model")
    return tables[name]


def _key(table: Table, words: Sequence[str]) -> Key:
    usage = f"agora projections explain {table.name} {' '.join(map(str.upper, table.key))}"
    given = dict(word.split("=", 1) for word in words if word.split("=", 1)[0] in table.key)
    if not given:
        given = dict(zip(table.key, words, strict=False))
    if len(words) != len(table.key) or given.keys() != set(table.key):
        message = f"The key of {table.name} is {', '.join(table.key)}."
        raise Failure(message, usage, UNUSABLE)
    types = {column.name: column.type for column in columns_of(table)}
    return tuple(_value(name, types[name], given[name]) for name in table.key)


def _value(name: str, kind: str, text: str) -> Value:
    reading, example = _READING[kind]
    try:
        return reading(text)
    except ValueError:
        message = f"{text!r} is no value for {name}, which is a {kind}."
        raise Failure(message, f"a value such as {example}", UNUSABLE) from None


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


_READING: Final[Mapping[str, tuple[Callable[[str], Value], str]]] = {
    "uuid": (UUID, "0190a5d0-ac96-774b-bcce-b302099a8057"),
    "text": (str, "people-0"),
    "bigint": (int, "42"),
    "integer": (int, "42"),
    "timestamptz": (_instant, "2026-01-31T12:00:00+00:00"),
}
"""How values of keys are read, by the type of their column."""
