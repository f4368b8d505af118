"""What rides on a worker: something that consumes partitions in order and keeps its own place."""

from collections.abc import Sequence
from typing import Protocol

from events.topics import Partition, Topic
from infra.worker.progress import Checkpoint, Read


class Subscriber(Protocol):
    """A read model, or a set of reactions.

    Whatever is transient (a server that is away) may be raised as it comes: the lane tries again
    from `resume`. `Halted` stops the partition for this subscriber, `Paused` lets it rest until
    operators want it to go on, `Overtaken` makes it look at its stored place again.
    """

    @property
    def name(self) -> str:
        """Its name in `checkpoints`."""
        ...

    @property
    def topics(self) -> Sequence[Topic]:
        """The topics that it consumes, all partitions of them."""
        ...

    async def resume(self, partition: Partition) -> int:
        """The offset it needs next, after checking that this is the log it knows."""
        ...

    async def consume(self, partition: Partition, reads: Sequence[Read]) -> int:
        """Take records into account, with the checkpoint in one; the offset it needs next.

        `reads` may begin before the place it has reached; that part changes nothing.
        """
        ...

    def reached(self, partition: Partition) -> Checkpoint | None:
        """The checkpoint as it last saw or stored it; None before it has resumed."""
        ...

    def release(self, partition: Partition) -> None:
        """Let go of the partition: from now on somebody else may consume it."""
        ...

    async def halt(self, partition: Partition, reason: str) -> None:
        """Note durably why it stands still."""
        ...
