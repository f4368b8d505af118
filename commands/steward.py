"""Makes sure that every partition has an owner, and spreads ownership over the instances.

The Kafka consumer group only advises: who is advised claims what nobody holds at once, others
after a while; a healthy owner is never stopped by a rebalance, it hands over in good order once
the advice has been steady. An owner that has gone is replaced by whoever notices first: the log
decides between rivals.
"""

import asyncio

from msgspec import Struct

from commands.instance import Instance
from commands.writer.partition import PartitionWriter
from events.tenure import Tenure
from events.topics import Partition


class Rhythm(Struct, frozen=True):
    """When the steward acts, in seconds.

    It looks every `look_s`. An instance that is not advised waits `unadvised_s` before it claims
    what nobody holds, and only `passed_on_s` if a command waits for it: were the first command to
    decide who claims, what is handed over would land anywhere. Advice must be steady for
    `hand_over_s` before a healthy owner hands over. That is longer than the group needs to notice
    that a member died: until then it advises the dead one, and whoever took over would lay the
    partition down again at once.
    """

    look_s: float = 0.05
    unadvised_s: float = 1.0
    passed_on_s: float = 0.2
    hand_over_s: float = 15.0


class Steward:
    """Claims and hands over partitions for one instance."""

    def __init__(self, instance: Instance, rhythm: Rhythm = Rhythm()) -> None:
        self._instance = instance
        self._rhythm = rhythm
        self._advised: frozenset[Partition] = frozenset()
        self._advised_at = 0.0
        self._vacant_since: dict[Partition, float] = {}
        self._serving_since: dict[Partition, float] = {}

    def advise(self, partitions: frozenset[Partition]) -> None:
        """The consumer group's latest advice for this instance."""
        if partitions != self._advised:
            self._advised = partitions
            self._advised_at = asyncio.get_running_loop().time()

    def called_for(self, partition: Partition) -> None:
        """A command waits for the partition, which is not served here nor by a healthy owner."""
        now = asyncio.get_running_loop().time()
        held = self._instance.tenures.of(partition).held
        if held or self._is_due(partition, now, self._rhythm.passed_on_s):
            self._instance.writers[partition].want()

    async def run(self) -> None:
        """Looks after the partitions for ever; cancel it to stop."""
        while True:
            now = asyncio.get_running_loop().time()
            for partition, writer in self._instance.writers.items():
                self._look(partition, writer, now)
            await asyncio.sleep(self._rhythm.look_s)

    def _look(self, partition: Partition, writer: PartitionWriter, now: float) -> None:
        tenure = self._instance.tenures.of(partition)
        if writer.serving:
            self._vacant_since.pop(partition, None)
            since = self._serving_since.setdefault(partition, now)
            if self._should_hand_over(partition, now, since):
                writer.release()
            return
        self._serving_since.pop(partition, None)
        if self._vacant(tenure):
            if self._is_due(partition, now, self._rhythm.unadvised_s):
                writer.want()
            return
        self._vacant_since.pop(partition, None)
        if self._instance.peers.silent(tenure):
            writer.want()

    def _is_due(self, partition: Partition, now: float, unadvised_s: float) -> bool:
        """Whether this instance should claim what nobody holds, or leave it to whoever is advised.

        The first look at a partition starts its wait.
        """
        since = self._vacant_since.setdefault(partition, now)
        return partition in self._advised or now - since > unadvised_s

    def _vacant(self, tenure: Tenure) -> bool:
        """Nobody holds it, or this process did and no longer knows how."""
        return not self._instance.owned_elsewhere(tenure)

    def _should_hand_over(self, partition: Partition, now: float, since: float) -> bool:
        """Another instance has been advised for long enough of the time that this one served."""
        if not self._advised or partition in self._advised:
            return False
        return now - max(since, self._advised_at) > self._rhythm.hand_over_s
