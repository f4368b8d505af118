"""Which rows differ, and how: pure."""

from uuid import UUID

from projections.rebuilding.differences import Difference, differences
from projections.tables import Row, Table, key_of

NOTES = Table("notes", key=("id", "n"), columns="id uuid not null, n bigint not null, text text")


def note(number: int, text: str | None = "a") -> Row:
    return {"id": UUID(int=7), "n": number, "text": text}


def found(expected: list[Row], stored: list[Row]) -> list[tuple[str, str, tuple[str, ...]]]:
    by_key = {key_of(NOTES, row): row for row in expected}
    return [
        (one.kind, one.key.get("n", ""), one.columns) for one in differences(NOTES, by_key, stored)
    ]


def test_the_same_rows_in_any_order_do_not_differ() -> None:
    rows = [note(1), note(2, None), note(3)]
    assert found(rows, rows[::-1]) == []


def test_a_changed_row_is_named_with_its_columns() -> None:
    assert found([note(1), note(2)], [note(1), note(2, "b")]) == [("changed", "2", ("text",))]
    assert found([note(1, None)], [note(1)]) == [("changed", "1", ("text",))]


def test_a_row_that_is_not_there_is_lost() -> None:
    assert found([note(1), note(2)], [note(2)]) == [("lost", "1", ())]


def test_a_row_that_should_not_be_there_is_extra() -> None:
    assert found([note(1)], [note(1), note(9)]) == [("extra", "9", ())]


def test_a_row_that_is_there_twice_is_doubled() -> None:
    assert found([note(1)], [note(1), note(1)]) == [("doubled", "1", ())]


def test_what_the_rows_hold_is_kept_apart_from_where_they_differ() -> None:
    [one] = differences(NOTES, {key_of(NOTES, note(1)): note(1, "right")}, [note(1, "wrong")])
    key = {"id": str(UUID(int=7)), "n": "1"}
    stored: dict[str, object] = {"text": "wrong"}
    expected: dict[str, object] = {"text": "right"}
    assert one == Difference("notes", "changed", key, ("text",), stored, expected)
