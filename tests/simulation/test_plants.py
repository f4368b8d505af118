"""Each planted fault shows within a few hundred schedules; the table tells how soon."""

from collections.abc import Mapping
from typing import cast

import pytest

from tests.simulation.ahead import SEEDS, Ahead
from tests.simulation.plants import PLANTS
from tests.simulation.runs import play_some

pytestmark = [pytest.mark.simulation, pytest.mark.timeout(900)]


@pytest.fixture
def found(ahead: Ahead) -> Mapping[str, tuple[int, str]]:
    """How soon each showed, and how."""
    return cast("Mapping[str, tuple[int, str]]", ahead.outcome("found"))


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_fault_is_found(plant: str, found: Mapping[str, tuple[int, str]]) -> None:
    schedules, failure = found[plant]
    print(f"{plant}: {schedules} schedules, {failure}")
    assert schedules > 0, f"{PLANTS[plant].wrong} Not found in {len(SEEDS)} schedules."


def test_nothing_stays_planted() -> None:
    assert play_some([0], "any-claim").failures
    assert not play_some([0]).failures
