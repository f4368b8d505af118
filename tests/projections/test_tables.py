"""What a table may be, and how its rows change."""

import pytest

from projections.tables import Row, Table, changed

COLUMNS = "note_id uuid not null, tags text[] not null, after position not null"
NOTES = Table("notes", key=("note_id",), columns=COLUMNS)


@pytest.mark.parametrize(
    ("key", "columns", "reason"),
    [
        (("person_id",), COLUMNS, "key"),
        (("note_id",), "note_id uuid not null", "key"),
        (("note_id",), "note_id uuid not null, tags text[]", "not null"),
    ],
    ids=["unknown key", "nothing but a key", "array that may be null"],
)
def test_a_table_that_cannot_work_is_refused(
    key: tuple[str, ...], columns: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        Table("notes", key=key, columns=columns)


def test_a_position_grows_and_everything_else_is_replaced() -> None:
    row: Row = {"tags": ["a"], "after": {"people-0": 5, "people-1": 1}}
    values: Row = {"tags": ["b"], "after": {"people-0": 3, "people-1": 2}}
    assert changed(NOTES, row, values) == {
        "tags": ["b"],
        "after": {"people-0": 5, "people-1": 2},
    }


def test_changes_to_a_row_that_name_no_position_leave_it_alone() -> None:
    row: Row = {"tags": ["a"], "after": {"people-0": 5}}
    assert changed(NOTES, row, {"tags": []}) == {"tags": [], "after": {"people-0": 5}}
