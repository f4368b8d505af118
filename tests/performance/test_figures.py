"""Figures and the law of hot streams, in literal numbers."""

from collections import Counter

import pytest

from tests.performance.figures import (
    Turn,
    beside,
    latency_beside,
    percentile,
    turn,
    within,
)
from tests.performance.loads.zipf import Zipf


def at(rate: float) -> Turn:
    return Turn(rate=rate, p50_ms=1, p99_ms=2)


def test_the_ratio_is_the_median_of_the_turns_taken_in_pairs() -> None:
    # The medians of the rates alone, 200 by 100, would say 2.
    figure = beside("x", [at(100), at(200), at(900)], "peer", [at(50), at(200), at(100)])
    assert (figure.ratio, figure.median, figure.min, figure.max) == (2, 200, 100, 900)
    figure = beside("x", [at(100), at(200), at(900)], "peer", [at(100), at(200), at(100)])
    assert (figure.ratio, figure.peer_median) == (1, 100)


@pytest.mark.parametrize(("at_least", "reached"), [(2.0, True), (2.1, False), (None, None)])
def test_a_goal_is_reached_at_its_very_value(at_least: float | None, reached: bool | None) -> None:
    assert beside("x", [at(100)], "peer", [at(50)], at_least).reached is reached


def test_a_ratio_and_a_rate_are_reached_together() -> None:
    both = [beside("x", [at(100)], "peer", [at(50)], 2, rate) for rate in (100, 1000)]
    assert [(one.reached, one.goal) for one in both] == [
        (True, "ratio >= 2 and rate >= 100"),
        (False, "ratio >= 2 and rate >= 1,000"),
    ]


def test_a_bound_speaks_of_the_worst_value() -> None:
    assert within("x", [1, 2, 15], "s", 15).reached
    assert within("x", [1, 2, 15.1], "s", 15).reached is False


def test_latencies_are_compared_by_the_median_of_the_p99s_taken_in_pairs() -> None:
    ours, theirs = [[Turn(1, 1, p99) for p99 in each] for each in ((3, 4, 90), (3, 2, 30))]
    figure = latency_beside("x", ours, "peer", theirs, 2)
    assert (figure.ratio, figure.median, figure.peer_median) == (2, 4, 3)
    assert figure.reached
    assert latency_beside("x", ours, "peer", theirs, 1.9).reached is False


def test_percentiles_are_values_that_were_seen() -> None:
    values = [float(number) for number in range(200, 0, -1)]
    assert (percentile(values, 50), percentile(values, 99)) == (100, 198)
    assert (percentile([3.0], 99), percentile([], 50)) == (3, 0)


def test_a_turn_counts_operations_in_the_time_they_took_together() -> None:
    assert turn([0.001, 0.003, 0.002], 0.5) == Turn(rate=6, p50_ms=2, p99_ms=3)


def test_the_same_seed_draws_the_same_and_few_streams_are_hot() -> None:
    first, again, other = Zipf(1000, 1), Zipf(1000, 1), Zipf(1000, 2)
    drawn = [first.draw() for _ in range(20_000)]
    assert drawn == [again.draw() for _ in range(20_000)]
    assert drawn != [other.draw() for _ in range(20_000)]
    counts = [count for _, count in Counter(drawn).most_common()]
    # The law gives the hottest of a thousand 13 % and the ten hottest 39 %.
    assert 0.11 < counts[0] / len(drawn) < 0.15
    assert 0.36 < sum(counts[:10]) / len(drawn) < 0.42
