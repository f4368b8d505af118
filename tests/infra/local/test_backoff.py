"""When a process that ended is started again."""

from functools import reduce

from infra.local.backoff import HEALTHY_SECONDS, LONGEST_DELAY_SECONDS, Restarts, after_end


def after(*lives_seconds: float) -> Restarts:
    return reduce(after_end, lives_seconds, Restarts())


def test_the_first_start_waits_for_nothing() -> None:
    assert Restarts().delay_seconds == 0


def test_the_delay_doubles_with_each_quick_end() -> None:
    delays = [after(*[1.0] * ends).delay_seconds for ends in (1, 2, 3)]
    assert delays == [0.2, 0.4, 0.8]


def test_the_delay_has_a_limit() -> None:
    assert after(*[1.0] * 500).delay_seconds == LONGEST_DELAY_SECONDS


def test_a_healthy_minute_makes_good_for_what_was_before() -> None:
    restarts = after(1, 1, 1, 1, 1, HEALTHY_SECONDS)
    assert restarts.delay_seconds == after(1).delay_seconds
    assert not restarts.failing


def test_it_counts_as_failing_after_several_quick_ends() -> None:
    assert not after(1, 1, 1).failing
    assert after(1, 1, 1, 1).failing


def test_all_ends_are_counted() -> None:
    assert after(1, 90, 1).total == 3
