"""The highest rate at which requests are still answered soon, by halving a ladder of rates."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from tests.performance.figures import percentile
from tests.performance.loads.open_loop import Step

LADDER: Final = tuple(round(25 * 1.25**rung) for rung in range(24))
"""Requests a second, each rung a quarter above the one below: 25 to 4,235."""


async def highest(
    rates: Sequence[int], within_s: float, step: Callable[[int], Awaitable[Step]]
) -> tuple[int, Step]:
    """The highest of the rates whose p99 is `within_s`, and the step that showed it.

    If none is, the lowest, with what was seen there: its p99 tells.
    """
    low, high = 0, len(rates) - 1
    best: tuple[int, Step] | None = None
    while low <= high:
        middle = (low + high) // 2
        found = await step(rates[middle])
        if found.kept_up and percentile(found.seconds(), 99) <= within_s:
            best, low = (rates[middle], found), middle + 1
        else:
            high = middle - 1
            if high < 0:
                return rates[0], found
    assert best is not None, "the lowest was tried unless another one held"
    return best
