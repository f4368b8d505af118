"""The page on faults: what it says is tested where it says."""

import random
import re
from typing import Final

import pytest

from tests.faults.whole.schedule import BROKERS, LAST, a_round
from tests.stack import ROOT

PAGE: Final = ROOT / "docs" / "faults.md"
SECTION: Final = "## What must be survived"
NAMED: Final = re.compile(r"`([^`]+)`")


def rows() -> list[tuple[str, list[str], list[str]]]:
    """Of each row the fault, what is named of the run, and the tests."""
    section = PAGE.read_text().partition(SECTION)[2].partition("\n## ")[0]
    cells = [line[1:-1].split("|") for line in section.splitlines() if line.startswith("| ")]
    return [
        (fault.strip(), NAMED.findall(struck), NAMED.findall(tests))
        for fault, struck, tests in cells[1:]
    ]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_what_must_be_survived_is_tested(row: tuple[str, list[str], list[str]]) -> None:
    _, struck, tests = row
    schedule = [str(fault) for count in BROKERS for fault in a_round(random.Random(1), count)] + [
        str(fault) for fault in LAST
    ]
    assert struck or tests
    for named in struck:
        assert any(fault.startswith(named) for fault in schedule), named
    for test in tests:
        file, _, name = test.partition("::")
        assert f"def {name}" in (ROOT / file).read_text(), test
