"""An explanation of one row, as people and programs are shown it."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from cli.output import table
from projections.explaining import Cause, SetAside
from projections.tables import Row


class Explained(Struct, frozen=True):
    """One row of a live build, and what the log says about it.

    `stored` has the row as it is, more than one if it is doubled; `folded` is what the log comes to
    at `positions`, None if that is no row. `why` says in a sentence how it stands.
    """

    model: str
    build: int
    table: str
    key: dict[str, str]
    agrees: bool
    why: str
    stored: tuple[Row, ...]
    folded: Row | None
    differing: tuple[str, ...]
    positions: dict[str, int]
    causes: tuple[Cause, ...]
    earlier: int
    set_aside: tuple[SetAside, ...]
    hidden: tuple[str, ...]


def text_of(shown: Explained) -> str:
    """For people: where, the columns, the decisions, what was set aside, and how it stands."""
    key = " ".join(f"{name}={value}" for name, value in shown.key.items())
    at = ", ".join(f"{partition} at {offset}" for partition, offset in shown.positions.items())
    parts = [f"{shown.table} {key}\nBuild {shown.build} of {shown.model}: {at or 'no checkpoint'}"]
    if shown.stored or shown.folded is not None:
        parts.append(_columns(shown))
    if shown.earlier:
        parts.append(f"{shown.earlier:,} earlier decisions are not shown.")
    if shown.causes:
        rows = [_cause(each) for each in shown.causes]
        headings = ["WHERE", "AT", "DECISION", "BY", "REQUEST", "ROW", "COLUMNS"]
        parts.append(table(headings, rows))
    if shown.set_aside:
        aside = [
            [
                f"{one.partition} {one.offset}",
                ", ".join(one.events),
                "dropped" if one.dropped else "parked",
                "of this row" if one.certain else "of this shard",
            ]
            for one in shown.set_aside
        ]
        parts.append(table(["WHERE", "DECISION", "IS", "AND"], aside))
    return "\n\n".join([*parts, shown.why])


def _columns(shown: Explained) -> str:
    names = list(shown.folded or shown.stored[0])
    rows = [
        [
            name,
            *(_value(row, name) for row in shown.stored or ({},)),
            _value(shown.folded or {}, name),
            "differs" if name in shown.differing else "",
        ]
        for name in names
    ]
    stored = ["STORED"] * max(1, len(shown.stored))
    return table(["COLUMN", *stored, "FROM THE LOG", ""], rows)


def _value(row: Mapping[str, Any], name: str) -> str:
    return str(row[name]) if name in row else "-"


def _cause(one: Cause) -> list[str]:
    versions = (f"{each} v{number}" for each, number in zip(one.events, one.versions, strict=True))
    return [
        f"{one.partition} {one.offset}",
        f"{one.at:%Y-%m-%d %H:%M:%S}",
        ", ".join(versions),
        str(one.actor or "-"),
        str(one.request or "-"),
        one.effect.value,
        ", ".join(_change(one, name) for name in (one.after or one.before)),
    ]


def _change(one: Cause, name: str) -> str:
    if one.before and one.after:
        return f"{name}: {one.before[name]} -> {one.after[name]}"
    return f"{name}: {(one.after or one.before)[name]}"
