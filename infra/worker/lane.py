"""Lanes: one subscriber's way through one partition, at its own pace.

Delivery is shared, progress is not. An attached lane takes what is delivered. One that cannot keep
up, stands still or is paused *detaches*: it lets go of what it holds and lets deliveries go by, so
that it costs the others nothing, neither time nor memory. Later it reads what it missed from the
log in bulk, and attaches again where it comes near the others.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

import psycopg
from psycopg_pool import PoolTimeout

from events.topics import Partition
from infra.log.port import Log, LogUnavailable
from infra.worker import progress
from infra.worker.meters import LaneMeter
from infra.worker.progress import Halted, Overtaken, Paused, Read
from infra.worker.subscriber import Subscriber
from schemas.refusals import TooMany, Unavailable

TRANSIENT: Final = (
    psycopg.OperationalError,
    psycopg.errors.ReadOnlySqlTransaction,
    PoolTimeout,
    LogUnavailable,
    Unavailable,
    TooMany,
    TimeoutError,
)

BUFFERED_RECORDS_MAX: Final = 10_000
CONSUMED_RECORDS_MAX: Final = 5_000
TURNS_EACH: Final = 2
"""So many lanes of one subscriber are at work on much at once. Whatever they wait for, they hold no
more batches than that from the log."""
QUICK_RECORDS_MAX: Final = 500
"""What was just delivered, and is no more than this, waits for no turn: many lanes commit it
together (infra.worker.group_commit)."""
NEAR_RECORDS: Final = 5_000
"""A lane that is behind by no more takes deliveries again while it reads the rest from the log."""
_BACK_OFF_S: Final = (0.05, 2.0)
_HALTED_S: Final = 30.0
"""After this long a halted lane looks again: the cause may have been mended."""

_log = logging.getLogger(__name__)


class State(StrEnum):
    """How a lane is. It is attached when none of the others is the case."""

    ATTACHED = "attached"
    CATCHING_UP = "catching up"
    PAUSED = "paused"
    HALTED = "halted"


class Lane:
    """Runs from `start` to `stop`; `offer` hands it what was delivered."""

    def __init__(
        self,
        subscriber: Subscriber,
        partition: Partition,
        log: Log,
        *,
        turns: asyncio.Semaphore,
        on_room: Callable[[], None],
    ) -> None:
        self.subscriber = subscriber
        self.partition = partition
        self.state = State.CATCHING_UP
        self._meter = LaneMeter(subscriber.name, partition)
        self._log = log
        self._turns = turns
        self._on_room = on_room
        self._buffer: deque[Sequence[Read]] = deque()
        self._buffered = 0
        self._goal = 0
        self._following = 0
        self._news = asyncio.Event()
        self._stirred = asyncio.Event()
        self._paused = False
        self._doubt = ""
        self._failures = 0
        self._task: asyncio.Task[None] | None = None

    def start(self, goal: int) -> None:
        """Begin at the stored place, and read in bulk up to `goal`, where delivery begins."""
        self._goal = max(self._goal, goal)
        self._task = asyncio.create_task(self._run(), name=f"{self.subscriber.name} {self}")

    async def stop(self) -> None:
        """Stop at once: what is not committed will be consumed again by whoever comes next."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self.subscriber.release(self.partition)
        self._meter.close()

    def pause(self, paused: bool) -> None:
        """What operators want of it; a batch under way is ended first.

        Whenever that changes, a halted lane looks at once whether its cause was mended.
        """
        if paused != self._paused:
            self._paused = paused
            self._stirred.set()
            self._news.set()

    def doubt(self, why: str) -> None:
        """Its place is not what is stored: it begins anew from there, also when nothing is new."""
        self._doubt = why
        self._news.set()

    @property
    def rests(self) -> bool:
        """Whether it takes nothing for a reason that the others need not wait for."""
        return self.state in (State.PAUSED, State.HALTED)

    @property
    def has_room(self) -> bool:
        """Whether the next offer will be kept."""
        return self.state is State.ATTACHED and self._buffered < BUFFERED_RECORDS_MAX

    def offer(self, reads: Sequence[Read]) -> None:
        """Hand over what was delivered; without room, it is only noted how far the log reaches."""
        if self.has_room:
            self._buffer.append(reads)
            self._buffered += len(reads)
        elif self.state is State.ATTACHED:
            self._become(State.CATCHING_UP)
        self.reach(reads[-1].offset + 1)

    def reach(self, end: int) -> None:
        """The log holds everything before `end`: what is not offered of it, the lane reads."""
        self._goal = max(self._goal, end)
        self._meter.behind(self._goal - self._following)
        self._news.set()

    def __str__(self) -> str:
        return f"{self.subscriber.name} in {self.partition}"

    async def _run(self) -> None:
        while True:
            try:
                if self._paused:
                    await self._rest()
                async with self._turns:
                    self._doubt = ""
                    following = await self.subscriber.resume(self.partition)
                await self._follow(following)
            except Paused:
                self._paused = True
            except Overtaken as moved:
                _log.info("%s: %s", self, moved)
                await self._wait_a_moment()
            except Halted as reason:
                await self._stand_still(str(reason))
            except TRANSIENT as problem:
                await self._back_off(problem)
            except Exception as bug:
                _log.exception("%s stopped at a bug", self)
                await self._stand_still(f"A bug stopped it: {type(bug).__name__}. See the log.")

    async def _follow(self, following: int) -> None:
        """Consume from there on, until operators want it to pause."""
        self._become(State.CATCHING_UP)
        self._following = following
        while await self._is_more():
            taken = self._taken(self._following)
            if 0 < len(taken) <= QUICK_RECORDS_MAX:
                await self._consume(taken)
            else:
                async with self._turns:
                    await self._consume(taken or await self._read(self._following))
            self._on_room()

    async def _consume(self, reads: Sequence[Read]) -> None:
        started = time.monotonic()
        self._following = await self.subscriber.consume(self.partition, reads)
        self._meter.consumed(reads, time.monotonic() - started)
        self._meter.behind(self._goal - self._following)
        self._failures = 0

    async def _is_more(self) -> bool:
        """Wait until there is something to consume; False once it is to pause.

        Raises `Overtaken` once its place is in doubt.
        """
        while not self._paused:
            if self._doubt:
                raise Overtaken(self._doubt)
            if self.state is not State.ATTACHED and self._goal - self._following <= NEAR_RECORDS:
                self._become(State.ATTACHED)
            if self._goal > self._following:
                return True
            self._news.clear()
            await self._news.wait()
        return False

    async def _read(self, following: int) -> Sequence[Read]:
        """What comes there, from the log: up to what is in the buffer, or was delivered."""
        upto = self._buffer[0][0].offset if self._buffer else self._goal
        stop = min(upto, following + CONSUMED_RECORDS_MAX)
        entries = await self._log.read(self.partition, following, stop)
        if not entries:
            raise LogUnavailable(f"{self.partition} does not show offset {following} yet.")
        return progress.read(entries)

    def _taken(self, following: int) -> Sequence[Read]:
        """Batches that were delivered, as far as they follow on each other."""
        taken: list[Read] = []
        while self._buffer and len(taken) < CONSUMED_RECORDS_MAX:
            batch = self._buffer[0]
            if batch[0].offset > following:
                break
            self._buffer.popleft()
            self._buffered -= len(batch)
            if batch[-1].offset >= following:
                fresh = batch[0].offset == following
                taken += batch if fresh else [one for one in batch if one.offset >= following]
                following = batch[-1].offset + 1
        return taken

    async def _rest(self) -> None:
        _log.info("%s is paused", self)
        self._become(State.PAUSED)
        while self._paused:
            await self._until_stirred(None)
        _log.info("%s goes on", self)

    async def _stand_still(self, reason: str) -> None:
        _log.error("%s stands still: %s", self, reason)
        self._become(State.HALTED)
        try:
            async with self._turns:
                await self.subscriber.halt(self.partition, reason)
        except TRANSIENT as problem:
            _log.warning("%s could not note why it stands still: %s", self, problem)
        await self._until_stirred(_HALTED_S)

    async def _until_stirred(self, at_most_s: float | None) -> None:
        """Wait until operators change what they want, or so long."""
        try:
            async with asyncio.timeout(at_most_s):
                await self._stirred.wait()
        except TimeoutError:
            return
        self._stirred.clear()

    async def _back_off(self, problem: Exception) -> None:
        # The first and then every tenth: a server that is away must not flood the log.
        if self._failures % 10 == 0:
            _log.warning("%s tries again after %s: %s", self, type(problem).__name__, problem)
        await self._wait_a_moment()

    async def _wait_a_moment(self) -> None:
        least, most = _BACK_OFF_S
        delay = min(most, least * 2 ** min(self._failures, 10))
        self._failures += 1
        await asyncio.sleep(delay)

    def _become(self, state: State) -> None:
        """Change the state; whoever is not attached holds nothing, and nobody waits for it."""
        if state is not State.ATTACHED:
            self._buffer.clear()
            self._buffered = 0
        self.state = state
        self._meter.become(state.value)
        self._on_room()
