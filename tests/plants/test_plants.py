"""Each planted fault is caught by the test that the table names for it."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec
import pytest

from tests.plants.planting import Outdated, Plant, planted
from tests.plants.session import CAUGHT
from tests.plants.table import PLANTS
from tests.stack import ROOT

PAGE: Final = ROOT / "docs" / "faults.md"
ROW: Final = re.compile(r"^\| `([a-z-]+)` \| (.+) \| `(.+)` \| `(.+)` \|$", re.MULTILINE)
LEAST: Final = 15


@pytest.mark.timeout(600)
def test_every_plant_is_caught(tmp_path: Path) -> None:
    # One session for all, in a process of its own: servers start once, and no fault gets out.
    file = tmp_path / "outcomes"
    tests = sorted({plant.caught_by for plant in PLANTS.values()})
    options = ("-q", "-p", "tests.plants.session", f"--plants={file}", "-p", "no:cacheprovider")
    ended = subprocess.run(
        (sys.executable, "-m", "pytest", *options, *tests),
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert file.exists(), ended.stdout + ended.stderr
    outcomes = msgspec.json.decode(file.read_bytes())
    assert outcomes == dict.fromkeys(PLANTS, CAUGHT), ended.stdout + ended.stderr


@pytest.mark.parametrize("name", PLANTS)
def test_each_still_fits_the_code_that_it_was_made_for(name: str) -> None:
    with planted(PLANTS[name]):
        pass


def test_there_are_enough_of_them() -> None:
    assert len(PLANTS) >= LEAST


def test_the_page_lists_them_as_they_are() -> None:
    told = ROW.findall(PAGE.read_text())
    assert told == [
        (name, plant.wrong, plant.where, plant.caught_by) for name, plant in PLANTS.items()
    ]


@pytest.mark.parametrize(
    "plant",
    [
        Plant("", "tests.plants.test_plants:sound", "return 2", "return 3", ""),
        Plant("", "tests.plants.test_plants:nothing", "return 1", "return 2", ""),
    ],
)
def test_a_plant_that_no_longer_fits_says_so(plant: Plant) -> None:
    with pytest.raises(Outdated), planted(plant):
        pass


def test_a_plant_holds_for_as_long_as_its_block() -> None:
    with planted(Plant("", "tests.plants.test_plants:sound", "return 1", "return 2", "")):
        assert sound() == 2
    assert sound() == 1


def sound() -> int:
    """What the plants above are about."""
    return 1
