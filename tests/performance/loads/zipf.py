"""Which stream is written next: a few are hot, most are cold, as with people."""

import random
from bisect import bisect
from itertools import accumulate
from typing import Final

EXPONENT: Final = 0.99


class Zipf:
    """Draws numbers below `size`; the one of rank r comes with weight 1 / r ** 0.99.

    Ranks are dealt out at random, so that hot numbers lie in different partitions. The same seed
    draws the same numbers.
    """

    def __init__(self, size: int, seed: int) -> None:
        self._dice = random.Random(seed)
        self._numbers = list(range(size))
        self._dice.shuffle(self._numbers)
        self._last = size - 1
        self._weights = list(accumulate(1 / rank**EXPONENT for rank in range(1, size + 1)))

    def draw(self) -> int:
        """The next number."""
        place = bisect(self._weights, self._dice.random() * self._weights[-1], hi=self._last)
        return self._numbers[place]
