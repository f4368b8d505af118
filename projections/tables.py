"""Tables of read models: a name, a key and columns, as data that SQL and memory both follow.

A table's rows live under a name with the number of the model's build (`follows_b1`), so that
another build can be filled beside the live one; whoever reads asks the view without it (`follows`).
"""

from functools import cache
from typing import NamedTuple, cast

from msgspec import Struct

from events.position import Position, merged

Value = object
"""What a column holds: UUID, str, bool, int, an aware datetime, None; a list in arrays; in `jsonb`
what JSON reads back as, and a `Position` in positions."""

POSITION = "position"

Key = tuple[Value, ...]
Row = dict[str, Value]


class Column(NamedTuple):
    """One column; `type` is its SQL type. One that `grows` holds a position."""

    name: str
    type: str
    nullable: bool
    grows: bool = False


class Table(Struct, frozen=True, cache_hash=True):
    """One table of a model.

    `columns` reads as in SQL: `"target_id uuid not null, since timestamptz"`, of which `key`
    names the primary key. Beside the types of SQL there is `position`: an update merges into what
    is there by maximum, as positions only ever grow. Arrays are never null. `indexes` are column
    lists as in `create index`, such as `"(target_id, since desc)"`. `live` limits what the view
    shows, such as `"followers <> 0"`. Every row belongs to one partition of the log: its key
    decides which.
    """

    name: str
    key: tuple[str, ...]
    columns: str
    indexes: tuple[str, ...] = ()
    live: str = ""

    def __post_init__(self) -> None:
        """Refuse a key of unknown columns, and a table that has nothing but its key."""
        names = column_names(self)
        if not set(self.key) < set(names):
            raise ValueError(f"Table {self.name}: the key must be some of the columns {names}.")
        if any(column.nullable and is_array(column) for column in columns_of(self)):
            raise ValueError(f"Table {self.name}: an array must be `not null`.")


class Tally(Struct, frozen=True, cache_hash=True):
    """A count of rows, kept up as the rows change: declared, never written by a model.

    `table` has one row for each value of the columns `by` of the counted table `of`, with the
    number of its rows that fit `where` in the column `count`; rows with null in `by` count for
    nothing. A table with a key column
    `partition` counts each partition's rows apart, to be summed by readers: that is how a count
    over people in many shards stays exact. Rows whose count has returned to 0 stay, so their
    table should have `live="<count> <> 0"`.
    """

    table: Table
    of: Table
    by: tuple[str, ...]
    count: str
    where: tuple[tuple[str, Value], ...] = ()


@cache
def columns_of(table: Table) -> tuple[Column, ...]:
    """The columns, in order."""
    return tuple(_column(text) for text in table.columns.split(","))


def column_names(table: Table) -> tuple[str, ...]:
    """The names of the columns, in order."""
    return tuple(column.name for column in columns_of(table))


@cache
def growing(table: Table) -> frozenset[str]:
    """The names of the columns that hold positions."""
    return frozenset(column.name for column in columns_of(table) if column.grows)


def is_array(column: Column) -> bool:
    """Whether the column holds a list of values of one SQL type."""
    return column.type.endswith("[]")


def sent_as(column: Column) -> str:
    """The SQL type that carries the column's values to the database."""
    return "jsonb" if is_array(column) else column.type


def changed(table: Table, row: Row, values: Row) -> Row:
    """The row, or the changes to one, with `values` put in; positions grow."""
    grown = {
        name: merged(cast("Position", row[name]), cast("Position", values[name]))
        for name in growing(table) & row.keys() & values.keys()
    }
    return row | values | grown


def stored_name(table: Table, build: int) -> str:
    """The name under which a build of the table is stored."""
    return f"{table.name}_b{build}"


def key_of(table: Table, row: Row) -> Key:
    """The row's primary key, in the order of `table.key`."""
    return tuple([row[name] for name in table.key])


def _column(text: str) -> Column:
    name, kind, *rest = text.split()
    grows = kind == POSITION
    return Column(name, "jsonb" if grows else kind, nullable=not rest, grows=grows)
