"""Values as they are sent to PostgreSQL: each arrives as it was, or is refused before."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import psycopg
import pytest

from projections.encoding import Unstorable, array_sender
from projections.tables import Column, sent_as
from tests.stack import Stack

VALUES: Final[dict[str, list[Any]]] = {
    "boolean": [True, False],
    "bigint": [0, -1, 2**63 - 1],
    "integer": [0, 7, -(2**31)],
    "text": ["", "a", "naïve ☃", "'; drop table posts"],
    "timestamptz": [datetime(2026, 1, 2, 3, 4, 5, 678, UTC), datetime(1970, 1, 1, tzinfo=UTC)],
    "uuid": [UUID(int=0), UUID(int=2**128 - 1)],
    "jsonb": [{}, [], {"people-3": 7}, [[0, 2, "x"]], "text", 5],
    "text[]": [[], ["a", "b"]],
}


@pytest.mark.parametrize("kind", VALUES)
def test_what_is_sent_arrives_as_it_was(stack: Stack, kind: str) -> None:
    column = Column("value", kind, nullable=not kind.endswith("[]"))
    values = [*VALUES[kind], *([None] if column.nullable else [])]
    with psycopg.connect(stack.settings().postgres.dsn, options="-c timezone=UTC") as connection:
        query = f"select %(values)b::{sent_as(column)}[], %(none)b::{sent_as(column)}[]"
        sender = array_sender(column)
        given = {"values": sender(values), "none": sender([])}
        row = connection.execute(query.encode(), given).fetchone()
    assert row == (values, [])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "a\x00b"),
        ("text", "\ud800"),
        ("text", None),
        ("uuid", "no uuid"),
        ("bigint", 2**63),
        ("timestamptz", "yesterday"),
        ("jsonb", None),
    ],
)
def test_what_no_row_can_hold_is_refused_by_its_column(kind: str, value: object) -> None:
    with pytest.raises(Unstorable, match="value cannot hold it"):
        array_sender(Column("value", kind, nullable=False))([value])
