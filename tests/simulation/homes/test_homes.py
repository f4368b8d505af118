"""Homes are right in every schedule, and each planted fault shows in some."""

from collections.abc import Mapping
from typing import cast

import pytest

from queries.feeds.freshness import Miss
from queries.feeds.meters import HIT
from tests.simulation.ahead import HOMES_SCHEDULES, HOMES_SEEDS, Ahead
from tests.simulation.homes.plants import PLANTS
from tests.simulation.homes.runs import Tally, played
from tests.simulation.runs import quiet

pytestmark = [pytest.mark.simulation, pytest.mark.timeout(900)]


@pytest.fixture
def tally(ahead: Ahead) -> Tally:
    """What came of all schedules."""
    return cast("Tally", ahead.outcome("homes tally"))


@pytest.fixture
def found(ahead: Ahead) -> Mapping[str, tuple[int, str]]:
    """How soon each planted fault showed, and how."""
    return cast("Mapping[str, tuple[int, str]]", ahead.outcome("homes found"))


def test_no_page_is_wrong_in_any_schedule(tally: Tally) -> None:
    assert tally.failures == {}
    assert tally.schedules == len(HOMES_SCHEDULES)


def test_the_schedules_are_eventful(tally: Tally) -> None:
    assert tally.pages[HIT] > 10 * tally.schedules
    for reason in Miss:
        assert tally.pages[reason] > 0, f"never {reason}"
    assert sum(tally.troubles.values()) > 2 * tally.schedules
    assert min(tally.troubles.values()) > tally.schedules / 20


def test_a_seed_is_the_same_schedule_every_time() -> None:
    with quiet():
        once, again = played(7), played(7)
    assert once == again


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_fault_is_found(plant: str, found: Mapping[str, tuple[int, str]]) -> None:
    schedules, failure = found[plant]
    print(f"{plant}: {schedules} schedules, {failure}")
    assert schedules > 0, f"{PLANTS[plant].wrong} Not found in {len(HOMES_SEEDS)} schedules."
