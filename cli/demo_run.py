"""One run of the demo: shared settings, and how its steps run in parallel."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

from cli.demo_edge import Edge
from cli.demo_sessions import Sessions
from cli.demo_society import Person, Society
from cli.demo_standing import Difference
from cli.parallel import run_all
from cli.progress import Steps

T = TypeVar("T")

READ_THREADS: Final = 8
WRITE_THREADS: Final = 64
"""Enough for the owners to commit in groups, few enough to leave others their turn."""

ROUNDS: Final = 3
"""So often a run adds what is lacking before it says that more tries do not help."""
SETTLE_S: Final = 5.0
"""How long read models may go without any visible progress where no position says more."""
SETTLE_PAUSE_S: Final = 0.5


class Run:
    """The API, the people with their sessions and account ids, and the progress shown."""

    def __init__(self, edge: Edge, society: Society, steps: Steps, now: datetime) -> None:
        self.society = society
        self.sessions = Sessions(edge, now)
        self.people: dict[str, Person] = {person.handle: person for person in society.people}
        self.ids: dict[str, str] = {}
        self._edge = edge
        self._steps = steps

    def spread(
        self, step: str, work: Callable[[T], object], items: Sequence[T], threads: int
    ) -> float:
        """Does a step; how many things a second it did, 0 when there was nothing to do."""
        if not items:
            return 0.0

        def one(item: T) -> None:
            work(item)
            self._steps.advance()

        self._steps.begin(step, len(items))
        run_all(one, items, threads, self._edge.stop)
        return self._steps.end()

    def settle(
        self, differences: Callable[[], list[Difference]], look_at: Callable[[Person], object]
    ) -> None:
        """Looks at those who differ again, as long as read models are catching up."""
        found = differences()
        given_up_s = time.monotonic() + SETTLE_S
        while found and time.monotonic() < given_up_s:
            self._edge.pause(SETTLE_PAUSE_S)
            for handle in dict.fromkeys(difference.handle for difference in found):
                look_at(self.people[handle])
            left = differences()
            if left != found:
                given_up_s = time.monotonic() + SETTLE_S
            found = left
