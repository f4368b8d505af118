"""The rate that is borne is found again whatever the dice say, and never by forgetting a step."""

import random
from collections.abc import Callable

import pytest

from tests.performance.loads.open_loop import Step, Taken
from tests.performance.loads.rate_search import LADDER, RateSearch, Tally, borne, fitted

WITHIN_S = 0.010
SOON_S = 0.005
LATE_S = 0.020


def step(late: int, asked: int, *, kept_up: bool = True) -> Step:
    seconds = [LATE_S] * late + [SOON_S] * (asked - late)
    return Step([Taken("home", each) for each in seconds], 1.0, kept_up)


def walked(ladder: list[int], answer: Callable[[int], Step], steps: int) -> RateSearch:
    search = RateSearch(ladder, WITHIN_S)
    for _ in range(steps):
        search.saw(answer(search.rate))
    return search


@pytest.mark.parametrize("bears", [100, 200, 300, 500])
def test_a_sharp_edge_is_found_between_its_rungs(bears: int) -> None:
    ladder = list(range(100, 700, 100))
    search = walked(ladder, lambda rate: step(0 if rate <= bears else 50, 100), steps=12)
    assert bears <= search.found().rate < bears + 100


def test_a_ladder_that_is_borne_to_its_top_shows_no_more() -> None:
    assert walked([100, 200, 300], lambda _: step(0, 100), steps=6).found().rate == 300


def test_a_rate_that_is_too_much_is_never_the_answer() -> None:
    turn = walked([100, 200, 300], lambda _: step(10, 100), steps=6).found()
    assert turn.rate == 10
    assert turn.p99_ms == LATE_S * 1000


def test_a_rate_that_was_not_kept_up_with_sends_the_walk_down() -> None:
    search = RateSearch([100, 200, 300], WITHIN_S)
    search.saw(step(0, 100, kept_up=False))
    assert search.rate == 100


def test_each_call_speaks_of_what_was_seen_since_the_one_before() -> None:
    search = walked([100, 200, 300], lambda _: step(0, 100), steps=6)
    assert search.found().rate == 300
    for _ in range(6):
        search.saw(step(10, 100))
    assert search.found().rate < 100


def test_an_unlucky_step_is_weighed_with_luckier_ones_at_higher_rates() -> None:
    unlucky, lucky, full = Tally(50, 200, 4), Tally(80, 600, 2), Tally(100, 500, 105)
    assert [share for _, share in fitted([lucky, full, unlucky])] == [0.0075, 0.0075, 0.21]
    assert 80 < borne([unlucky, lucky, full]) < 81


def test_a_lucky_step_is_weighed_with_unluckier_ones_at_lower_rates() -> None:
    assert borne([Tally(50, 100, 0), Tally(80, 100, 3), Tally(100, 100, 0)]) < 80


def test_a_share_that_hardly_depends_on_the_rate_gives_about_the_same_again_and_again() -> None:
    def flat(dice: random.Random) -> Callable[[int], Step]:
        # 99 of 100 are in time at 250 a second; some late answers come at any rate.
        def answer(rate: int) -> Step:
            share = 0.004 + 0.006 * (rate / 250) ** 3
            asked = max(200, 3 * rate)
            return step(sum(dice.random() < share for _ in range(asked)), asked)

        return answer

    found = [
        walked(list(LADDER), flat(random.Random(seed)), steps=12).found().rate for seed in range(20)
    ]
    assert min(found) > 150
    assert max(found) < 400
