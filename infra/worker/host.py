"""The host of a worker's subscribers: hands each delivery to every lane of its partition."""

import asyncio
import time
from collections.abc import Collection, Iterable, Mapping, Sequence

from events.topics import Partition
from infra.log.port import Entry, Log
from infra.worker import progress
from infra.worker.lane import TURNS_EACH, Lane
from infra.worker.subscriber import Subscriber


class Host:
    """Lanes of the partitions that this worker has been assigned.

    `seek` after each assignment, `deliver` in offset order for each partition, `release` when an
    assignment is about to end, `stop` when it has. All from one event loop.
    """

    def __init__(self, subscribers: Sequence[Subscriber], log: Log) -> None:
        self._subscribers = subscribers
        self._log = log
        self._lanes: dict[Partition, list[Lane]] = {}
        self._delivered: dict[Partition, tuple[int, float]] = {}
        self._held: set[Partition] = set()
        self._room = asyncio.Event()
        self._released = False
        self._paused: frozenset[str] = frozenset()
        self._turns = {one.name: asyncio.Semaphore(TURNS_EACH) for one in subscribers}

    @property
    def topics(self) -> frozenset[str]:
        """The topics that any subscriber consumes."""
        return frozenset(topic.name for one in self._subscribers for topic in one.topics)

    async def seek(self, assigned: Iterable[Partition]) -> Mapping[Partition, int]:
        """Start the lanes of the partitions, and where delivery should begin in each.

        That is where the subscriber that has come farthest goes on: those behind it read what
        they miss in bulk. Raises what their checkpoints raise while they cannot be read, but for
        one that may not go on: its lane says so.
        """
        await self.stop()
        self._released = False
        starts: dict[Partition, int] = {}
        for partition in assigned:
            lanes = [
                self._lane(one, partition)
                for one in self._subscribers
                if partition.topic in {topic.name for topic in one.topics}
            ]
            starts[partition] = max([await _resumed(lane) for lane in lanes], default=0)
            self._lanes[partition] = lanes
            self._delivered[partition] = starts[partition], time.monotonic()
        for partition, lanes in self._lanes.items():
            for lane in lanes:
                lane.start(starts[partition])
        return starts

    def _lane(self, subscriber: Subscriber, partition: Partition) -> Lane:
        turns = self._turns[subscriber.name]
        lane = Lane(subscriber, partition, self._log, turns=turns, on_room=self._room.set)
        lane.pause(subscriber.name in self._paused)
        return lane

    async def deliver(self, partition: Partition, entries: Sequence[Entry]) -> None:
        """Hand entries to the lanes; waits while none of those at work has room.

        So the quickest one sets the pace, and a delivery that is no longer wanted is dropped:
        after a rebalance everything is delivered again from the checkpoints on.
        """
        while not self._released:
            lanes = self._lanes.get(partition, [])
            if all(lane.rests for lane in lanes) or any(lane.has_room for lane in lanes):
                reads = progress.read(entries)
                for lane in lanes:
                    lane.offer(reads)
                if partition in self._delivered:
                    self._delivered[partition] = entries[-1].offset + 1, time.monotonic()
                return
            self._held.add(partition)
            try:
                self._room.clear()
                await self._room.wait()
            finally:
                self._held.discard(partition)

    def pass_over(self, partition: Partition, upto: int) -> None:
        """Tell lanes that the log holds what they are not handed: they read it themselves."""
        for lane in self._lanes.get(partition, ()):
            lane.reach(upto)
        if partition in self._delivered:
            self._delivered[partition] = upto, time.monotonic()

    def pause(self, names: Collection[str]) -> None:
        """Let the lanes of these subscribers rest, and all others go on, now and from now on."""
        self._paused = frozenset(names)
        for lane in self.lanes():
            lane.pause(lane.subscriber.name in self._paused)

    def lanes(self) -> Sequence[Lane]:
        """The lanes of all partitions that are assigned."""
        return [lane for lanes in self._lanes.values() for lane in lanes]

    def delivered(self) -> Mapping[Partition, tuple[int, float]]:
        """The offset that delivery goes on with in each partition, and since when it is that.

        Partitions whose lanes are all full are left out: nothing is delivered there for a reason.
        """
        held = self._held
        return {one: state for one, state in self._delivered.items() if one not in held}

    def release(self) -> None:
        """Let go of deliveries that wait for room: the assignment is about to end."""
        self._released = True
        self._room.set()

    async def stop(self) -> None:
        """Stop all lanes."""
        self.release()
        lanes = self.lanes()
        self._lanes = {}
        self._delivered = {}
        await asyncio.gather(*(lane.stop() for lane in lanes))


async def _resumed(lane: Lane) -> int:
    try:
        return await lane.subscriber.resume(lane.partition)
    except (progress.Halted, progress.Paused):
        return 0
