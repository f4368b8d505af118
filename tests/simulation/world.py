"""The simulated log and checkpoint store: delays, lost answers, late packets, short outages."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from events.topics import Partition
from infra.checkpoints.port import Fenced, Saved
from infra.log.port import Appender, AppendUnknown, Entry, LogUnavailable
from schemas.refusals import Unavailable
from tests.simulation.loop import SimulatedLoop

APPEND_TIMEOUT_S = 0.3
T = TypeVar("T")


class Weather(Struct):
    """Chances for each message; `calm` ends all trouble, so that a run can come to rest."""

    slow: float = 0.05
    lost: float = 0.03
    answer_lost: float = 0.05

    def calm(self) -> None:
        """No more trouble from now on."""
        self.slow = self.lost = self.answer_lost = 0.0


class Network:
    """Delays and losses between processes and servers."""

    def __init__(self, loop: SimulatedLoop, dice: random.Random, weather: Weather) -> None:
        self.loop = loop
        self.dice = dice
        self.weather = weather

    def delay_s(self) -> float:
        """How long one message takes."""
        if self.dice.random() < self.weather.slow:
            return self.dice.uniform(0.01, 1.0)
        return self.dice.uniform(0.0002, 0.003)

    async def call(self, effect: Callable[[], T], timeout_s: float) -> T:
        """Runs `effect` at the server and brings its result or exception back.

        Raises TimeoutError when either way is lost or too slow; the effect may happen all the
        same, even later.
        """
        answer: asyncio.Future[T] = self.loop.create_future()
        if self.dice.random() >= self.weather.lost:
            self.loop.later(self.delay_s(), lambda: self._arrive(effect, answer))
        async with asyncio.timeout(timeout_s):
            return await answer

    def _arrive(self, effect: Callable[[], T], answer: "asyncio.Future[T]") -> None:
        try:
            result = effect()
        except Exception as error:
            failure = error
            self._reply(lambda: answer.set_exception(failure), answer)
        else:
            self._reply(lambda: answer.set_result(result), answer)

    def _reply(self, settle: Callable[[], None], answer: "asyncio.Future[T]") -> None:
        if self.dice.random() < self.weather.answer_lost:
            return

        def deliver() -> None:
            if not answer.done():
                settle()

        self.loop.later(self.delay_s(), deliver)


class SimulatedLog:
    """The log of all partitions; `landed_at` remembers when each record became durable."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._entries: dict[Partition, list[Entry]] = {}
        self._news: dict[Partition, list[asyncio.Future[None]]] = {}
        self.landed_at: dict[tuple[Partition, int], float] = {}

    def entries(self, partition: Partition) -> list[Entry]:
        """What stands in the log."""
        return self._entries.setdefault(partition, [])

    def land(self, partition: Partition, records: Sequence[tuple[bytes, bytes]]) -> int:
        """The records arrive at the leader: their base offset."""
        entries = self.entries(partition)
        base = len(entries)
        for key, value in records:
            self.landed_at[partition, len(entries)] = self._network.loop.now
            entries.append(Entry(len(entries), key, value))
        for waiting in self._news.pop(partition, []):
            if not waiting.done():
                waiting.set_result(None)
        return base

    async def appender(self, partition: Partition) -> Appender:
        """A fresh producer."""
        return SimulatedAppender(self._network, self, partition)

    async def end(self, partition: Partition) -> int:
        """As the port says."""
        return await self._ask(lambda: len(self.entries(partition)))

    async def read(self, partition: Partition, start: int, stop: int) -> Sequence[Entry]:
        """As the port says."""
        return await self._ask(lambda: tuple(self.entries(partition)[start:stop]))

    async def _ask(self, question: Callable[[], T]) -> T:
        try:
            return await self._network.call(question, APPEND_TIMEOUT_S)
        except TimeoutError:
            raise LogUnavailable("The simulated log did not answer.") from None

    async def tail(
        self, starts: Mapping[Partition, int]
    ) -> AsyncGenerator[tuple[Partition, Sequence[Entry]], None]:
        """As the port says, for one partition."""
        [(partition, offset)] = starts.items()
        while True:
            entries = self.entries(partition)
            if offset == len(entries):
                waiting = self._network.loop.create_future()
                self._news.setdefault(partition, []).append(waiting)
                await waiting
            await asyncio.sleep(self._network.delay_s())
            found = tuple(self.entries(partition)[offset:])
            offset += len(found)
            yield partition, found


class SimulatedAppender:
    """One producer: sends in order, one batch at a time."""

    def __init__(self, network: Network, log: SimulatedLog, partition: Partition) -> None:
        self._network = network
        self._log = log
        self._partition = partition

    async def append(self, records: Sequence[tuple[bytes, bytes]]) -> int:
        """As the port says; now and then the answer is -1, as after DuplicateSequence."""
        sent = list(records)
        landing = lambda: self._log.land(self._partition, sent)  # noqa: E731
        try:
            base = await self._network.call(landing, APPEND_TIMEOUT_S)
        except TimeoutError:
            raise AppendUnknown("The simulated log did not confirm.") from None
        odd = self._network.dice.random() < self._network.weather.answer_lost / 5
        return -1 if odd else base

    async def close(self) -> None:
        """Nothing to close."""


class SimulatedCheckpoints:
    """The checkpoint store of one partition, with its fence."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.saved = Saved()
        self.claimed_at = -1
        self.heads: dict[str, bytes] = {}

    async def peek(self, partition: Partition) -> Saved:
        """As the port says."""
        return await self._ask(lambda: self.saved)

    async def take(self, partition: Partition, claimed_at: int) -> Saved:
        """As the port says."""
        return await self._ask(lambda: self._take(claimed_at))

    async def load(self, partition: Partition, streams: Sequence[str]) -> Mapping[str, bytes]:
        """As the port says."""
        return await self._ask(
            lambda: {name: self.heads[name] for name in streams if name in self.heads}
        )

    async def save(
        self, partition: Partition, claimed_at: int, saved: Saved, heads: Mapping[str, bytes]
    ) -> None:
        """As the port says."""
        await self._ask(lambda: self._save(claimed_at, saved, heads))

    def fence(self, claimed_at: int) -> None:
        """Closes the store to claims older than the newest seen."""
        if claimed_at < self.claimed_at:
            raise Fenced("A newer claim took the checkpoint.")
        self.claimed_at = claimed_at

    def _take(self, claimed_at: int) -> Saved:
        self.fence(claimed_at)
        return self.saved

    def _save(self, claimed_at: int, saved: Saved, heads: Mapping[str, bytes]) -> None:
        self.fence(claimed_at)
        if saved.offset < self.saved.offset:
            raise Fenced("A later checkpoint is there already.")
        self.saved = saved
        self.heads.update(heads)

    async def _ask(self, question: Callable[[], T]) -> T:
        try:
            return await self._network.call(question, APPEND_TIMEOUT_S)
        except TimeoutError:
            raise Unavailable("STORE_UNAVAILABLE", "The simulated store is away.") from None
