"""The highest rate at which requests are still answered soon, by a walk up and down a ladder.

Where a server is not full, the share of late answers hardly depends on the rate, and some seconds
see several of them or none, by chance. A search that believes every step, and never comes back to
one, ends wherever an unlucky step sent it. So this one walks about the place at which the verdict
changes, and then lets all steps speak together: more requests a second make no smaller a share of
answers late, so steps that say otherwise are taken for one (isotonic regression, by pooling
adjacent violators: Ayer et al., 1955). No request is left out of that, lucky or not.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from tests.performance.figures import Turn, percentile
from tests.performance.loads.open_loop import Step

LADDER: Final = tuple(round(25 * 1.1**rung) for rung in range(54))
"""Requests a second, each rung a tenth above the one below: 25 to 3,906."""
LATE_MAX: Final = 0.01


class Tally(NamedTuple):
    """Of so many requests at a rate, how many were answered late."""

    rate: float
    asked: int
    late: int

    @property
    def share(self) -> float:
        """Of the late ones; none of nobody."""
        return self.late / max(1, self.asked)


class RateSearch:
    """A walk on a ladder of rates, on which `rate` is the one to be tried next."""

    def __init__(self, rates: Sequence[int], within_s: float) -> None:
        self._rates = rates
        self._within_s = within_s
        self._taken: defaultdict[int, list[float]] = defaultdict(list)
        self._place = len(rates) // 2
        self._stride_max = self._stride = max(1, len(rates) // 4)
        self._went_up: bool | None = None

    @property
    def rate(self) -> int:
        """Requests a second."""
        return self._rates[self._place]

    def saw(self, step: Step) -> None:
        """What came of `rate`; the walk goes on, in longer strides while in one direction."""
        seconds = step.seconds()
        self._taken[self.rate] += seconds
        up = step.kept_up and self._tally(self.rate, seconds).share <= LATE_MAX
        if self._went_up is not None:
            self._stride = self._stride * 2 if up == self._went_up else self._stride // 2
            self._stride = max(1, min(self._stride, self._stride_max))
        self._went_up = up
        wanted = self._place + (self._stride if up else -self._stride)
        self._place = max(0, min(wanted, len(self._rates) - 1))

    def found(self) -> Turn:
        """What is borne, by all that was seen since the last call; the walk goes on from here.

        Its latencies are those at the nearest rate that was tried and is not above it.
        """
        rate = borne(self._tally(*each) for each in self._taken.items())
        tried = max((one for one in self._taken if one <= rate), default=min(self._taken))
        seconds = self._taken[tried]
        turn = Turn(rate, percentile(seconds, 50) * 1000, percentile(seconds, 99) * 1000)
        self._taken.clear()
        return turn

    def _tally(self, rate: int, seconds: Sequence[float]) -> Tally:
        return Tally(rate, len(seconds), sum(one > self._within_s for one in seconds))


def borne(tallies: Iterable[Tally], late_max: float = LATE_MAX) -> float:
    """The highest rate at which the share of late ones is `late_max`.

    Between rates that were tried it lies on a line from one to the other. Below the lowest it does,
    too, as nobody is late of nobody: so a rate that is too much as well never stands for itself.
    """
    below = Tally(0.0, 1, 0)
    share_below = 0.0
    for tally, share in fitted(tallies):
        if share > late_max:
            part = (late_max - share_below) / (share - share_below)
            return below.rate + part * (tally.rate - below.rate)
        below, share_below = tally, share
    return below.rate


def fitted(tallies: Iterable[Tally]) -> list[tuple[Tally, float]]:
    """Each by rate, with the share of late ones that fits best if it never falls."""
    blocks: list[list[Tally]] = []
    for tally in sorted(tallies):
        blocks.append([tally])
        while len(blocks) > 1 and _share(blocks[-2]) >= _share(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    return [(tally, _share(block)) for block in blocks for tally in block]


def _share(block: Sequence[Tally]) -> float:
    return Tally(0, sum(one.asked for one in block), sum(one.late for one in block)).share
