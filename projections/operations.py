"""What a model does with its rows, as data: run in SQL by batch, or in memory, with one meaning.

All rows that one operation touches must lie in the shard of the event that asks for it.
"""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from projections.tables import Row, Table, changed, key_of


class Upsert(Struct, frozen=True):
    """Put a whole row in the place of whatever has its key."""

    table: Table
    row: Row


class Update(Struct, frozen=True):
    """Change some columns of the row with that key; nothing if there is none."""

    table: Table
    key: Row
    values: Row


class Delete(Struct, frozen=True):
    """Remove the row with that key; nothing if there is none."""

    table: Table
    key: Row


class UpdateWhere(Struct, frozen=True):
    """Change some columns of every row that equals `where`, which must name the shard.

    `values` may change columns of `where`, not of the key.
    """

    table: Table
    where: Row
    values: Row


class DeleteWhere(Struct, frozen=True):
    """Remove every row that equals `where`, which must name the shard."""

    table: Table
    where: Row


class Keep(Struct, frozen=True):
    """Upsert a row made of `row` and, as they are now, `columns` of the row of `source` with `key`.

    Nothing if there is no such row. This is how a model holds on to what it is about to change.
    """

    table: Table
    row: Row
    source: Table
    key: Row
    columns: tuple[str, ...]


RowOperation = Upsert | Update | Delete
SetOperation = UpdateWhere | DeleteWhere | Keep
Operation = RowOperation | SetOperation


class Scope(StrEnum):
    """What a hint is addressed to."""

    ACCOUNT = "account"
    """One person, whom it concerns."""
    AUTHOR = "author"
    """Whoever looks at what one person shows."""
    POST = "post"
    """Whoever looks at one post."""


class Hint(Struct, frozen=True):
    """Live news: what kind, to whom, and the ids of what it concerns; never content.

    The gateway asks the query side what each viewer may see of it. News for one person, unless it
    changes what the person may see, has the ids of who did it, then of the post and of the comment
    that it was done to.
    """

    kind: str
    to: UUID
    ids: tuple[UUID, ...] = ()
    scope: Scope = Scope.ACCOUNT


def merged(earlier: RowOperation | None, later: RowOperation) -> RowOperation:
    """The one operation that does to a row what `earlier` and then `later` do."""
    match earlier, later:
        case (Upsert(table, row), Update(values=values)):
            return Upsert(table, changed(table, row, values))
        case (Update(table, key, values), Update(values=newer)):
            return Update(table, key, changed(table, values, newer))
        case (Delete(), Update()):
            return earlier
        case _:
            return later


def row_key(operation: RowOperation) -> tuple[object, ...]:
    """The key of the row that the operation is about."""
    row = operation.row if isinstance(operation, Upsert) else operation.key
    return key_of(operation.table, row)
