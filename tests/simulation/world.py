"""The simulated log and checkpoint store: what servers would keep, behind a simulated network."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from events.topics import Partition
from infra.checkpoints.port import Fenced, Lapsed, Saved
from infra.log.port import (
    Appender,
    AppendUnknown,
    Entry,
    Known,
    LogTruncated,
    LogUnavailable,
    nothing,
)
from schemas.refusals import Unavailable
from tests.simulation.loop import PROCESS
from tests.simulation.network import Link, Network

ANSWER_TIMEOUT_S = 0.3
COPIES = 6
"""Older states of the store that a standby may have."""
LOOK_S = 0.02
T = TypeVar("T")
Note = Callable[..., None]


class Landing(NamedTuple):
    """Records that became durable: their place, and the process that had sent them."""

    partition: Partition
    entries: Sequence[Entry]
    sender: str


class SimulatedLog:
    """The log of all partitions; `landed_at` remembers when each record became durable.

    `on_landing` hears of every append at the moment it becomes durable, before its answer leaves.
    """

    def __init__(self, network: Network, note: Note) -> None:
        self._network = network
        self._note = note
        self._entries: dict[Partition, list[Entry]] = {}
        self._news: list[asyncio.Future[None]] = []
        self.landed_at: dict[tuple[Partition, int], float] = {}
        self.on_landing: Callable[[Landing], None] = lambda landing: None

    def entries(self, partition: Partition) -> list[Entry]:
        """What stands in the log."""
        return self._entries.setdefault(partition, [])

    def land(
        self, partition: Partition, records: Sequence[tuple[bytes, bytes]], sender: str
    ) -> int:
        """The records arrive at the leader: their base offset."""
        entries = self.entries(partition)
        base = len(entries)
        for key, value in records:
            self.landed_at[partition, len(entries)] = self._network.loop.now
            entries.append(Entry(len(entries), key, value))
        news, self._news = self._news, []
        for waiting in news:
            if not waiting.done():
                waiting.set_result(None)
        landing = Landing(partition, entries[base:], sender)
        self._note("landing", landing)
        self.on_landing(landing)
        return base

    async def appender(self, partition: Partition) -> Appender:
        """A fresh producer."""
        return SimulatedAppender(self._network, self, partition)

    async def end(self, partition: Partition) -> int:
        """As the port says."""
        return await self._ask(lambda: len(self.entries(partition)))

    async def read(self, partition: Partition, start: int, stop: int) -> Sequence[Entry]:
        """As the port says."""
        return await self._ask(lambda: self.entries(partition)[start:stop])

    async def _ask(self, question: Callable[[], T]) -> T:
        try:
            return await self._network.call(Link.LOG, question, ANSWER_TIMEOUT_S)
        except TimeoutError:
            raise LogUnavailable("The simulated log did not answer.") from None

    async def tail(
        self, starts: Mapping[Partition, int], known: Known = nothing
    ) -> AsyncGenerator[tuple[Partition, Sequence[Entry]], None]:
        """As the port says."""
        places = dict(starts)
        for partition, start in places.items():
            if start > len(self.entries(partition)):
                raise LogTruncated(f"{partition} ends before offset {start}.")
        while True:
            while not self._behind(places, known()):
                await self._landed(LOOK_S if known() else None)
            held_s = self._network.held_s(PROCESS.get(), Link.LOG)
            await asyncio.sleep(held_s + self._network.delay_s(Link.LOG))
            await self._network.mended(PROCESS.get(), Link.LOG)
            for partition in self._behind(places, known()):
                found = self.entries(partition)[places[partition] :]
                places[partition] += len(found)
                yield partition, found

    def _behind(
        self, places: dict[Partition, int], known: Mapping[Partition, int]
    ) -> list[Partition]:
        """The partitions with entries to be told, after passing over what is known."""
        for partition, offset in known.items():
            places[partition] = max(places[partition], offset)
        return [
            partition
            for partition, place in places.items()
            if partition not in known and place < len(self.entries(partition))
        ]

    async def _landed(self, within_s: float | None) -> None:
        """Until something is appended anywhere, or the time is over."""
        waiting = self._network.loop.create_future()
        self._news.append(waiting)
        await asyncio.wait({waiting}, timeout=within_s)


class SimulatedAppender:
    """One producer: sends in order, one batch at a time."""

    def __init__(self, network: Network, log: SimulatedLog, partition: Partition) -> None:
        self._network = network
        self._log = log
        self._partition = partition
        self._closed = False

    async def append(self, records: Sequence[tuple[bytes, bytes]]) -> int:
        """As the port says; now and then the answer is -1, as after DuplicateSequence."""
        if self._closed:
            raise AppendUnknown("The simulated producer is closed.")
        if not records:
            raise ValueError("An append needs at least one record.")
        sent, sender = list(records), PROCESS.get()
        landing = lambda: self._log.land(self._partition, sent, sender)  # noqa: E731
        try:
            base = await self._network.call(Link.LOG, landing, ANSWER_TIMEOUT_S)
        except TimeoutError:
            raise AppendUnknown("The simulated log did not confirm.") from None
        odd = self._network.dice.random() < self._network.weather[Link.LOG].odd
        return -1 if odd else base

    async def close(self) -> None:
        """As the port says; what was sent may still land."""
        self._closed = True


class Shelf(NamedTuple):
    """What the store keeps of one partition."""

    saved: Saved
    claimed_at: int
    heads: dict[str, bytes]


EMPTY = Shelf(Saved(), -1, {})


class SimulatedCheckpoints:
    """The checkpoint store, with its fence.

    `on_take` hears of every process that takes a checkpoint, before its answer leaves.
    """

    def __init__(self, network: Network, note: Note) -> None:
        self._network = network
        self._note = note
        self._shelves: dict[Partition, Shelf] = {}
        self._copies: deque[dict[Partition, Shelf]] = deque(maxlen=COPIES)
        self.on_take: Callable[[str], None] = lambda taker: None

    def shelf(self, partition: Partition) -> Shelf:
        """What is kept of the partition."""
        return self._shelves.get(partition, EMPTY)

    def fall_back(self, dice: random.Random) -> None:
        """A standby that lags takes over: what was kept last is lost, though it was confirmed."""
        if self._copies:
            self._shelves = dict(dice.choice(self._copies))
            self._copies.clear()

    async def peek(self, partition: Partition) -> Saved:
        """As the port says."""
        return await self._ask(lambda: self.shelf(partition).saved)

    async def take(self, partition: Partition, claimed_at: int) -> Saved:
        """As the port says."""
        taker = PROCESS.get()
        return await self._ask(lambda: self._take(partition, claimed_at, taker))

    async def load(
        self, partition: Partition, streams: Sequence[str], since: int = 0
    ) -> Mapping[str, bytes]:
        """As the port says."""

        def found() -> Mapping[str, bytes]:
            if self.lapsed(partition, since):
                raise Lapsed(partition)
            heads = self.shelf(partition).heads
            return {name: heads[name] for name in streams if name in heads}

        return await self._ask(found)

    async def save(
        self,
        partition: Partition,
        claimed_at: int,
        saved: Saved,
        heads: Mapping[str, bytes],
        since: int = 0,
    ) -> None:
        """As the port says."""
        await self._ask(lambda: self._save(partition, claimed_at, saved, heads, since))

    def fenced(self, partition: Partition, claimed_at: int) -> bool:
        """Whether a newer claim has taken the checkpoint."""
        return claimed_at < self.shelf(partition).claimed_at

    def outdated(self, partition: Partition, saved: Saved) -> bool:
        """Whether a later checkpoint of the same owner is there already."""
        return saved.offset < self.shelf(partition).saved.offset

    def _take(self, partition: Partition, claimed_at: int, taker: str) -> Saved:
        if self.fenced(partition, claimed_at):
            raise Fenced("A newer claim took the checkpoint.")
        self._copies.append(dict(self._shelves))
        self._note("take", partition, claimed_at, self.shelf(partition).saved.offset)
        shelf = self.shelf(partition)._replace(claimed_at=claimed_at)
        self._shelves[partition] = shelf
        self.on_take(taker)
        return shelf.saved

    def lapsed(self, partition: Partition, since: int) -> bool:
        """Whether the checkpoint went back behind `since`, or was never there."""
        return self.shelf(partition).saved.offset < since

    def _save(
        self,
        partition: Partition,
        claimed_at: int,
        saved: Saved,
        heads: Mapping[str, bytes],
        since: int,
    ) -> None:
        if self.fenced(partition, claimed_at):
            raise Fenced("A newer claim took the checkpoint.")
        if self.outdated(partition, saved):
            raise Fenced("A later checkpoint is there already.")
        if self.lapsed(partition, since):
            raise Fenced("The checkpoint that this one adds to is gone.")
        self._copies.append(dict(self._shelves))
        self._note("save", partition, claimed_at, saved.offset, sorted(heads))
        kept = {**self.shelf(partition).heads, **heads}
        self._shelves[partition] = Shelf(saved, claimed_at, kept)

    async def _ask(self, question: Callable[[], T]) -> T:
        try:
            return await self._network.call(Link.STORE, question, ANSWER_TIMEOUT_S)
        except TimeoutError:
            raise Unavailable("STORE_UNAVAILABLE", "The simulated store is away.") from None
