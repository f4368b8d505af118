"""Homes are right in every schedule, and each planted fault shows in some."""

from collections.abc import Mapping

import pytest

from queries.feeds.freshness import Miss
from queries.feeds.meters import HIT
from tests.simulation.homes.plants import PLANTS
from tests.simulation.homes.runs import Tally, find_all, play_all, played
from tests.simulation.runs import quiet

pytestmark = [pytest.mark.simulation, pytest.mark.timeout(900)]

SCHEDULES = range(200)
SEEDS = range(400)


@pytest.fixture(scope="module")
def tally() -> Tally:
    return play_all(SCHEDULES)


@pytest.fixture(scope="module")
def found() -> Mapping[str, tuple[int, str]]:
    return find_all(PLANTS, SEEDS)


def test_no_page_is_wrong_in_any_schedule(tally: Tally) -> None:
    assert tally.failures == {}
    assert tally.schedules == len(SCHEDULES)


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
    assert schedules > 0, f"{PLANTS[plant].wrong} Not found in {len(SEEDS)} schedules."
