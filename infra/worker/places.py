"""The places that one subscriber has reached, in memory as they are stored."""

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from events.topics import Partition
from infra.log.port import ReadableLog
from infra.postgres.pool import Pool
from infra.worker import checkpoints, meters, pauses, progress
from infra.worker.checkpoints import Connection
from infra.worker.progress import Checkpoint, Paused


async def nothing_else(_connection: Connection) -> None:
    """Work for a checkpoint that moves alone."""


class Places:
    """A subscriber's checkpoints, one for each of its partitions.

    They are those of the build numbered `build`, or of whichever is live.
    """

    def __init__(self, name: str, pool: Pool, log: ReadableLog, build: int | None = None) -> None:
        self.name = name
        self._build = build
        self._pool = pool
        self._log = log
        self._reached: dict[Partition, Checkpoint] = {}

    def reached(self, partition: Partition) -> Checkpoint:
        """The checkpoint as last stored by this process, after `resume`."""
        return self._reached[partition]

    async def resume(self, partition: Partition) -> int:
        """The next offset, as stored.

        Raises `Halted` if this is not the log it came from, and `Paused`.
        """
        async with self._pool.connection() as connection:
            checkpoint = await checkpoints.load(connection, self.name, partition, self._build)
            # In this order: who pauses it from here on overtakes the checkpoint just read. What is
            # not live is folded by nobody but who builds it, whom a pause does not concern.
            if self._build is None and await pauses.is_paused(connection, self.name):
                raise Paused(f"{self.name} is paused.")
        if checkpoint.offset >= 0:
            end = await self._log.end(partition)
            last = await self._log.read(partition, checkpoint.offset, checkpoint.offset + 1)
            progress.same_log(checkpoint, end, *progress.read(last))
        self._reach(partition, checkpoint)
        return checkpoint.offset + 1

    async def move(
        self,
        partition: Partition,
        after: Checkpoint,
        work: Callable[[Connection], Awaitable[None]] = nothing_else,
    ) -> None:
        """Do `work` and move the checkpoint in one transaction; raises `Overtaken`."""
        before = self._reached[partition]
        async with self._pool.connection() as connection, connection.transaction():
            at = await checkpoints.move(connection, self.name, partition, before, after)
            await work(connection)
        self._reach(partition, replace(after, at=at))

    async def halt(self, partition: Partition, reason: str) -> None:
        """Note why the subscriber stands still."""
        async with self._pool.connection() as connection:
            await checkpoints.halt(connection, self.name, partition, reason, self._build)

    def _reach(self, partition: Partition, checkpoint: Checkpoint) -> None:
        self._reached[partition] = checkpoint
        meters.parked(self.name, partition, len(checkpoint.parked))
