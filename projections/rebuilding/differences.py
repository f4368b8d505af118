"""Where rows of a table are not what the log comes to, row by row. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from projections.tables import Key, Row, Table, column_names, key_of

LOST: Final = "lost"
EXTRA: Final = "extra"
CHANGED: Final = "changed"
DOUBLED: Final = "doubled"


class Difference(Struct, frozen=True):
    """One row that differs.

    `kind` is `lost` (it should be there), `extra` (it should not), `changed` in `columns`, or
    `doubled` (there more than once). `key` names it; a key that is empty stands for some row that
    could not be told from the others. `stored` and `expected` hold what the columns are and should
    be: people's data, to be shown to nobody who did not ask for it.
    """

    table: str
    kind: str
    key: dict[str, str]
    columns: tuple[str, ...] = ()
    stored: dict[str, object] = {}
    expected: dict[str, object] = {}


def differences(
    table: Table, expected: Mapping[Key, Row], stored: Iterable[Row]
) -> Iterator[Difference]:
    """Every row that differs; `stored` may have a key more than once."""
    found: dict[Key, Row] = {}
    for row in stored:
        key = key_of(table, row)
        if key in found:
            yield Difference(table.name, DOUBLED, _named(table, key))
        found[key] = row
    for key, row in expected.items():
        there = found.pop(key, None)
        if there is None:
            yield Difference(table.name, LOST, _named(table, key), expected=row)
        elif columns := tuple(name for name in column_names(table) if there[name] != row[name]):
            yield Difference(
                table.name,
                CHANGED,
                _named(table, key),
                columns,
                stored={name: there[name] for name in columns},
                expected={name: row[name] for name in columns},
            )
    for key, row in found.items():
        yield Difference(table.name, EXTRA, _named(table, key), stored=row)


def unnamed(table: Table) -> Difference:
    """A difference in rows that look the same, column by column."""
    return Difference(table.name, CHANGED, {})


def _named(table: Table, key: Key) -> dict[str, str]:
    return {name: str(value) for name, value in zip(table.key, key, strict=True)}
