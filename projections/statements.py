"""Row operations as SQL: a whole group in one statement, its tallies included.

Values come in as one array for each column (`unnest`), in binary. While a statement runs nobody
else writes the rows of its partition, because the transaction holds the partition's checkpoint;
and all parts of one statement see the rows as they were before it. So `before` is what a tally
has to take off, `after` what it has to add.
"""

# ruff: noqa: S608  The names in these statements are those of our own tables and columns.

from collections.abc import Sequence
from functools import cache

from psycopg.sql import Literal

from projections.memory import PARTITION_COLUMN
from projections.operations import Delete, RowOperation, Upsert
from projections.tables import Table, Tally, columns_of, stored_name

_ONE_MORE = "select {by}, 1 as n from after where {where}"
_ONE_LESS = "select {by}, -1 as n from before where {where}"


@cache
def group_statement(
    kind: type[RowOperation], table: Table, columns: Sequence[str], tallies: tuple[Tally, ...]
) -> bytes:
    """The statement for a `batches.Group`; its parameters are `columns`, and `partition`."""
    counting = [tally for tally in tallies if tally.of == table]
    parts = [f"given as ({_unnested(table, columns)})"]
    if kind is Delete:
        parts.append(f"before as ({_delete(table)})")
    else:
        if counting:
            parts.append(f"before as ({_matching(table)})")
        write = _upsert(table, columns) if kind is Upsert else _update(table, columns)
        parts.append(f"after as ({write})")
    sides = [_ONE_LESS] if kind is Delete else [_ONE_MORE, _ONE_LESS]
    return _with(parts, counting, sides)


@cache
def set_statement(
    table: Table, where: Sequence[str], values: Sequence[str], tallies: tuple[Tally, ...]
) -> bytes:
    """The statement for an `UpdateWhere`.

    Its parameters are the columns of `where` and of `values`, those of `values` with `new_` in
    front, and `partition`.
    """
    counting = [tally for tally in tallies if tally.of == table]
    types = {column.name: column.type for column in columns_of(table)}
    name = stored_name(table)
    condition = " and ".join(f"{column} = %({column})b::{types[column]}" for column in where)
    setting = ", ".join(f"{column} = %(new_{column})b::{types[column]}" for column in values)
    parts = [
        f"before as (select * from {name} where {condition})",
        f"after as (update {name} set {setting} where {condition} returning *)",
    ]
    return _with(parts, counting, [_ONE_MORE, _ONE_LESS])


def _with(parts: Sequence[str], tallies: Sequence[Tally], sides: Sequence[str]) -> bytes:
    counts = [f"tally_{number} as ({_tally(tally, sides)})" for number, tally in enumerate(tallies)]
    return f"with {', '.join([*parts, *counts])} select 1".encode()


def _unnested(table: Table, columns: Sequence[str]) -> str:
    types = {column.name: column.type for column in columns_of(table)}
    arrays = ", ".join(f"%({name})b::{types[name]}[]" for name in columns)
    return f"select * from unnest({arrays}) as g ({', '.join(columns)})"


def _matching(table: Table) -> str:
    return f"select t.* from {stored_name(table)} t join given using ({', '.join(table.key)})"


def _upsert(table: Table, columns: Sequence[str]) -> str:
    names = ", ".join(columns)
    setting = ", ".join(f"{name} = excluded.{name}" for name in _values(table, columns))
    return (
        f"insert into {stored_name(table)} ({names}) select {names} from given "
        f"on conflict ({', '.join(table.key)}) do update set {setting} returning *"
    )


def _update(table: Table, columns: Sequence[str]) -> str:
    setting = ", ".join(f"{name} = given.{name}" for name in _values(table, columns))
    return (
        f"update {stored_name(table)} t set {setting} from given where {_same(table)} returning t.*"
    )


def _delete(table: Table) -> str:
    return f"delete from {stored_name(table)} t using given where {_same(table)} returning t.*"


def _same(table: Table) -> str:
    return " and ".join(f"t.{name} = given.{name}" for name in table.key)


def _values(table: Table, columns: Sequence[str]) -> list[str]:
    return [name for name in columns if name not in table.key]


def _tally(tally: Tally, sides: Sequence[str]) -> str:
    by = ", ".join(tally.by)
    where = " and ".join(f"{name} = {Literal(value).as_string()}" for name, value in tally.where)
    steps = " union all ".join(side.format(by=by, where=where or "true") for side in sides)
    name, key, count = stored_name(tally.table), ", ".join(tally.table.key), tally.count
    partition = ", %(partition)b::text" if PARTITION_COLUMN in tally.table.key else ""
    return (
        f"insert into {name} as c ({key}, {count}) "
        f"select {by}{partition}, sum(n) from ({steps}) steps group by {by} having sum(n) <> 0 "
        f"on conflict ({key}) do update set {count} = c.{count} + excluded.{count}"
    )
