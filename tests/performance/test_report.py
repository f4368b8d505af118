"""The table and the page of figures, and what they say of the conditions."""

from datetime import UTC, datetime

from msgspec.structs import replace

from tests.performance.document import Document, Measured, Refusal
from tests.performance.figures import Figure, Turn, beside, within
from tests.performance.report import page, table


def measured(*figures: Figure) -> Measured:
    return Measured(
        name="some",
        began=datetime(2030, 1, 2, 3, 4, tzinfo=UTC),
        seconds=61.2,
        seed=7,
        quick=False,
        cores=2,
        load=(0.5, 1.5),
        versions={"a": "1"},
        figures=figures,
    )


def test_the_table_says_what_was_reached_and_under_which_conditions() -> None:
    figure = beside("follow", [Turn(30)], "no-op", [Turn(10)], 5)
    shown = table(Document([measured(figure)]))
    assert "follow" in shown
    assert "ratio >= 5" in shown
    assert "█" * 18 + "░" * 6 in shown
    row = ["some", "2030-01-02", "03:04", "61", "s", "7", "2", "0.5", "/", "1.5", "1"]
    assert row in [line.split() for line in shown.splitlines()]
    assert "Versions 1: a 1." in shown


def test_versions_that_changed_between_runs_are_told_apart() -> None:
    one = measured(within("start", [3], "s", 15))
    shown = table(Document([one, replace(one, name="same"), replace(one, versions={"a": "2"})]))
    assert "Versions 1: a 1." in shown
    assert "Versions 2: a 2." in shown
    assert "Versions 3" not in shown


def test_a_figure_without_a_peer_has_no_bar() -> None:
    assert "█" not in table(Document([measured(within("start", [3], "s", 15))]))


def test_every_table_of_the_page_has_a_column_for_each_heading() -> None:
    refused = replace(measured(), name="liar", refusal=Refusal("failed", "a |\nb"))
    written = page(Document([measured(within("start", [3], "s", 15)), refused]))
    assert "Refused: liar (failed): a | b" in written
    for block in written.split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1
