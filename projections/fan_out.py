"""From committed rows to home timelines: the step after the commit, behind all lanes of a worker.

Lanes only leave word here and go on. One task takes what has gathered, asks for followers, pushes,
and moves the markers of the lanes last of all. Whatever fails is done again from the start, which
is harmless, and what does not fit into memory meanwhile is dropped: the markers stay behind then,
and the next move shows the gap (docs/adr/0016-timelines-are-candidate-sets.md).
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from infra.redis.client import AWAY
from infra.redis.port import Place, TimelineWriter
from infra.worker.lane import TRANSIENT
from projections import fan_out_meters as meters
from projections.commits import Commit
from projections.delivering import deliver
from projections.followers import Followers
from projections.lane_places import LanePlaces, StoredPlaces

TOUCHES_AT_ONCE: Final = 5000
_BACK_OFF_S: Final = (0.05, 2.0)

_log = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    commit: Commit
    exact: bool


class FanOut:
    """As `Commits`; `run` does the work. `check_s` is between two looks at the markers."""

    def __init__(
        self,
        writer: TimelineWriter,
        followers: Followers,
        stored: StoredPlaces,
        *,
        waiting_max: int,
        check_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._writer = writer
        self._followers = followers
        self._waiting_max = waiting_max
        self._check_s = check_s
        self._clock = clock
        self._waiting: deque[_Waiting] = deque()
        self._size = 0
        self._places = LanePlaces(stored)
        self._checked_s = -check_s
        self._failures = 0
        self._news = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()

    def resumed(self, lane: str, at: Place) -> None:
        """The marker must be found right here, or what it says was of other rows."""
        self._places.put(lane, at)
        self._take(_Waiting(Commit(lane, at, at, (), self._clock()), exact=True))

    def committed(self, commit: Commit) -> None:
        """Notes the commit; one whose touches are not known is left out, which shows as a gap."""
        self._places.put(commit.lane, commit.after)
        if commit.touches is not None:
            self._take(_Waiting(commit, exact=False))

    def released(self, lane: str) -> None:
        """The lane is not looked after any more. What it committed is pushed all the same."""
        self._places.remove(lane)

    async def settle(self, within_s: float) -> None:
        """Return once nothing waits any more, or after `within_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._settled.wait()

    async def run(self) -> None:
        """Push for ever."""
        while True:
            if not self._waiting:
                self._news.clear()
                await self._idle(self._checked_s + self._check_s - self._clock())
            try:
                await self._round()
                self._failures = 0
            except (*AWAY, *TRANSIENT) as problem:
                await self._back_off(problem)
            except Exception:
                _log.exception("timelines are behind: a bug")
                self._drop()
                await asyncio.sleep(_BACK_OFF_S[1])

    def _take(self, one: _Waiting) -> None:
        self._waiting.append(one)
        self._settled.clear()
        self._size += _weight(one)
        if self._size > self._waiting_max:
            _log.warning("timelines are given up for now: too much waits for Redis")
            self._drop()
        self._news.set()

    def _drop(self) -> None:
        meters.DROPPED.inc(len(self._waiting))
        self._places.doubt({one.commit.lane for one in self._waiting if one.exact})
        self._waiting.clear()
        self._settled.set()
        self._size = 0

    async def _idle(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._news.wait()

    async def _round(self) -> None:
        """What waits, as much of it as goes at once. It stays waiting until all is done."""
        round_ = self._next()
        touches = [touch for one in round_ for touch in one.commit.touches or ()]
        await deliver(self._writer, self._followers, touches)
        await self._advance(round_)
        # If what waited was dropped meanwhile, others may wait in its place by now.
        if round_ and self._waiting and self._waiting[0] is round_[0]:
            for one in round_:
                self._waiting.popleft()
                self._size -= _weight(one)
        if not self._waiting:
            self._settled.set()

    def _next(self) -> list[_Waiting]:
        found: list[_Waiting] = []
        size = 0
        for one in self._waiting:
            size += _weight(one)
            if found and size > TOUCHES_AT_ONCE:
                break
            found.append(one)
        return found

    async def _advance(self, round_: Sequence[_Waiting]) -> None:
        made = self._places.moves(round_)
        if self._clock() >= self._checked_s + self._check_s:
            busy = {one.commit.lane for one in self._waiting}
            made.moves += await self._places.checks(busy)
            self._checked_s = self._clock()
        if made.moves:
            meters.GENERATIONS.inc(await self._writer.advance(made.moves))
        self._places.verified(made)
        for one in round_:
            meters.LAG_SECONDS.observe(self._clock() - one.commit.began_s)

    async def _back_off(self, problem: Exception) -> None:
        # The first and then every tenth: a server that is away must not flood the log.
        if self._failures % 10 == 0:
            _log.warning("timelines are behind: %s: %s", type(problem).__name__, problem)
        least, most = _BACK_OFF_S
        delay_s = min(most, least * 2 ** min(self._failures, 10))
        self._failures += 1
        await asyncio.sleep(delay_s)


def _weight(one: _Waiting) -> int:
    return 1 + len(one.commit.touches or ())
