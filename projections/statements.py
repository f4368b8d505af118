"""Row operations as SQL: a whole group in one statement, its tallies included.

Values come in as one array for each column (`unnest`), in binary; lists as JSON, because the
arrays of SQL do not nest. Rows of several partitions share a statement; where a tally counts each
partition's rows apart, the partition of each row comes along as one more column.

While a statement runs nobody else writes the rows of its partitions, because the transaction holds
the checkpoint of each; and all parts of one statement see the rows as they were before it. So
`before` is what a tally has to take off, `after` what it has to add.
"""

# ruff: noqa: S608  The names in these statements are those of our own tables and columns.

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from psycopg.sql import Literal

from projections.memory import PARTITION_COLUMN
from projections.operations import Delete, RowOperation, Upsert
from projections.tables import (
    Column,
    Table,
    Tally,
    columns_of,
    growing,
    is_array,
    sent_as,
    stored_name,
)

PARTITION: Final = Column(PARTITION_COLUMN, "text", nullable=False)
"""How the partitions of rows are sent beside them."""

_OF_PARTITION: Final = "of_partition"
_THE_PARTITION: Final = f"%({PARTITION_COLUMN})b::text"

_ONE_MORE = "select {by}, 1 as n from after where {where}"
_ONE_GIVEN = "select {by}, 1 as n from given where {where}"
"""As `_ONE_MORE` after an upsert, which puts there what it was given. `after` would not say of
which partition a row is."""
_ONE_LESS = "select {by}, -1 as n from before where {where}"


@cache
def group_statement(
    kind: type[RowOperation],
    table: Table,
    build: int,
    columns: Sequence[str],
    tallies: tuple[Tally, ...],
) -> bytes:
    """The statement for a `batches.Group`.

    Its parameters are `columns` and, if `counts_by_partition`, the `partition` of each row.
    """
    counting = [tally for tally in tallies if tally.of == table]
    carried = (_OF_PARTITION,) if counts_by_partition(table, tallies) else ()
    also = "".join(f", given.{name}" for name in carried)
    parts = [f"given as ({_unnested(table, columns, carried)})"]
    if kind is Delete:
        parts.append(f"before as ({_delete(table, build)}{also})")
        return _with(build, parts, counting, [_ONE_LESS], _OF_PARTITION)
    if counting:
        parts.append(f"before as ({_matching(table, build, also)})")
    if kind is Upsert:
        parts.append(f"after as ({_upsert(table, build, columns)})")
        return _with(build, parts, counting, [_ONE_GIVEN, _ONE_LESS], _OF_PARTITION)
    parts.append(f"after as ({_update(table, build, columns)}{also})")
    return _with(build, parts, counting, [_ONE_MORE, _ONE_LESS], _OF_PARTITION)


def counts_by_partition(table: Table, tallies: Sequence[Tally]) -> bool:
    """Whether one of the tallies counts the table's rows of each partition apart."""
    return any(tally.of == table and PARTITION_COLUMN in tally.table.key for tally in tallies)


@cache
def update_where(
    table: Table,
    build: int,
    where: Sequence[str],
    values: Sequence[str],
    tallies: tuple[Tally, ...],
) -> bytes:
    """The statement for an `UpdateWhere`.

    Its parameters are the columns of `where` and of `values`, those of `values` with `new_` in
    front, and `partition`.
    """
    counting = [tally for tally in tallies if tally.of == table]
    name, condition = stored_name(table, build), _matches(table, where)
    setting = _setting(table, {column: _parameter(table, column, "new_") for column in values})
    parts = [
        f"before as (select * from {name} where {condition})",
        f"after as (update {name} t set {setting} where {condition} returning *)",
    ]
    return _with(build, parts, counting, [_ONE_MORE, _ONE_LESS])


@cache
def delete_where(
    table: Table, build: int, where: Sequence[str], tallies: tuple[Tally, ...]
) -> bytes:
    """The statement for a `DeleteWhere`: its parameters are `where`, and `partition`."""
    counting = [tally for tally in tallies if tally.of == table]
    condition = _matches(table, where)
    parts = [f"before as (delete from {stored_name(table, build)} where {condition} returning *)"]
    return _with(build, parts, counting, [_ONE_LESS])


@cache
def keep(
    table: Table,
    build: int,
    row: Sequence[str],
    source: Table,
    columns: Sequence[str],
    tallies: tuple[Tally, ...],
) -> bytes:
    """The statement for a `Keep`.

    Its parameters are the key of `source`, the columns of `row` with `new_` in front, and
    `partition`.
    """
    counting = [tally for tally in tallies if tally.of == table]
    made = [f"{_parameter(table, column, 'new_')} as {column}" for column in row]
    wanted = f"select {', '.join([*made, *columns])} from {stored_name(source, build)}"
    parts = [f"given as ({wanted} where {_matches(source, source.key)})"]
    if counting:
        parts.append(f"before as ({_matching(table, build)})")
    parts.append(f"after as ({_upsert(table, build, (*row, *columns))})")
    return _with(build, parts, counting, [_ONE_MORE, _ONE_LESS])


def _with(
    build: int,
    parts: Sequence[str],
    tallies: Sequence[Tally],
    sides: Sequence[str],
    partition: str = _THE_PARTITION,
) -> bytes:
    counts = [
        f"tally_{number} as ({_tally(tally, build, sides, partition)})"
        for number, tally in enumerate(tallies)
    ]
    return f"with {', '.join([*parts, *counts])} select 1".encode()


def _unnested(table: Table, columns: Sequence[str], carried: Sequence[str]) -> str:
    found = {column.name: column for column in columns_of(table)}
    given = [_from_json(found[name], f"g.{name}") + f" as {name}" for name in columns]
    arrays = [f"%({name})b::{sent_as(found[name])}[]" for name in columns]
    arrays += [f"%({PARTITION_COLUMN})b::text[]" for _ in carried]
    names = ", ".join((*columns, *carried))
    return f"select {', '.join([*given, *carried])} from unnest({', '.join(arrays)}) as g ({names})"


def _parameter(table: Table, name: str, prefix: str = "") -> str:
    [column] = (column for column in columns_of(table) if column.name == name)
    return _from_json(column, f"%({prefix}{name})b::{sent_as(column)}")


def _from_json(column: Column, given: str) -> str:
    """What was sent, as the column's own type."""
    if not is_array(column):
        return given
    return f"array(select jsonb_array_elements_text({given}))::{column.type}"


def _matches(table: Table, names: Sequence[str]) -> str:
    return " and ".join(f"{name} = {_parameter(table, name)}" for name in names)


def _setting(table: Table, values: Mapping[str, str]) -> str:
    """The assignments of an update of `t`, by column."""
    grown = growing(table)
    return ", ".join(
        f"{name} = {_grown(f't.{name}', value) if name in grown else value}"
        for name, value in values.items()
    )


def _grown(here: str, given: str) -> str:
    """The least position that includes both, as `events.position.merged`."""
    both = f"select * from jsonb_each_text({here}) union all select * from jsonb_each_text({given})"
    return (
        "(select coalesce(jsonb_object_agg(key, offsets), '{}') from "
        f"(select key, max(value::bigint) as offsets from ({both}) both_sides group by key) grown)"
    )


def _matching(table: Table, build: int, also: str = "") -> str:
    name, key = stored_name(table, build), ", ".join(table.key)
    return f"select t.*{also} from {name} t join given using ({key})"


def _upsert(table: Table, build: int, columns: Sequence[str]) -> str:
    names = ", ".join(columns)
    setting = ", ".join(f"{name} = excluded.{name}" for name in _values(table, columns))
    return (
        f"insert into {stored_name(table, build)} ({names}) select {names} from given "
        f"on conflict ({', '.join(table.key)}) do update set {setting} returning *"
    )


def _update(table: Table, build: int, columns: Sequence[str]) -> str:
    setting = _setting(table, {name: f"given.{name}" for name in _values(table, columns)})
    name = stored_name(table, build)
    return f"update {name} t set {setting} from given where {_same(table)} returning t.*"


def _delete(table: Table, build: int) -> str:
    name = stored_name(table, build)
    return f"delete from {name} t using given where {_same(table)} returning t.*"


def _same(table: Table) -> str:
    return " and ".join(f"t.{name} = given.{name}" for name in table.key)


def _values(table: Table, columns: Sequence[str]) -> list[str]:
    return [name for name in columns if name not in table.key]


def _tally(tally: Tally, build: int, sides: Sequence[str], partition: str) -> str:
    by = ", ".join(tally.by)
    apart = PARTITION_COLUMN in tally.table.key
    taken = f"{by}, {partition} as {PARTITION_COLUMN}" if apart else by
    group = f"{by}, {PARTITION_COLUMN}" if apart else by
    known = [f"{name} is not null" for name in tally.by]
    fits = [f"{name} = {Literal(value).as_string()}" for name, value in tally.where]
    where = " and ".join([*known, *fits])
    steps = " union all ".join(side.format(by=taken, where=where) for side in sides)
    name, key, count = stored_name(tally.table, build), ", ".join(tally.table.key), tally.count
    return (
        f"insert into {name} as c ({key}, {count}) "
        f"select {group}, sum(n) from ({steps}) steps group by {group} having sum(n) <> 0 "
        f"on conflict ({key}) do update set {count} = c.{count} + excluded.{count}"
    )
