"""The places that one subscriber has reached, in memory as they are stored."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from events.topics import Partition
from infra.log.port import ReadableLog
from infra.postgres.pool import Pool
from infra.postgres.transactions import pipelined
from infra.worker import checkpoints, meters, pauses, progress
from infra.worker.checkpoints import Connection, Step
from infra.worker.group_commit import GroupCommit, Move, Work, committing
from infra.worker.progress import Checkpoint, Overtaken, Paused

CONNECTIONS_EACH: Final = 2
"""So many connections one subscriber uses at once, in however many partitions it hangs."""


class Places:
    """A subscriber's checkpoints, one for each of its partitions.

    They are those of the build numbered `build`, or of whichever is live. Small moves join those of
    other subscribers in `together`, if there is any.
    """

    def __init__(
        self,
        name: str,
        pool: Pool,
        log: ReadableLog,
        build: int | None = None,
        together: GroupCommit | None = None,
    ) -> None:
        self.name = name
        self._build = build
        self._pool = pool
        self._log = log
        self._together = together
        self._connections = asyncio.Semaphore(CONNECTIONS_EACH)
        self._alone = 0
        self._reached: dict[Partition, Checkpoint] = {}

    def reached(self, partition: Partition) -> Checkpoint:
        """The checkpoint as last stored by this process, after `resume`."""
        return self._reached[partition]

    def known(self, partition: Partition) -> Checkpoint | None:
        """As `reached`; None before `resume`."""
        return self._reached.get(partition)

    async def resume(self, partition: Partition) -> int:
        """The next offset, as stored.

        Raises `Halted` if this is not the log it came from, and `Paused`.
        """
        async with self._connection() as connection:
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
        work: Work | None = None,
        *,
        large: bool = False,
    ) -> None:
        """Do `work` and move the checkpoint in one transaction; raises `Overtaken`.

        Whatever is `large` gets a transaction to itself, so that nobody waits for it.
        """
        move = Move(Step(self.name, partition, self._reached[partition], after), work)
        at = None if large else await self._joined(move)
        self._reach(partition, replace(after, at=at or await self._made_alone(move)))

    async def halt(self, partition: Partition, reason: str) -> None:
        """Note why the subscriber stands still."""
        async with self._connection() as connection:
            await checkpoints.halt(connection, self.name, partition, reason, self._build)

    async def _joined(self, move: Move) -> datetime | None:
        """When it was made in a transaction with others, if it was.

        While one of the subscriber's moves is made alone, perhaps because it hangs, the others do
        not try: each of them would cost everybody in its group a moment.
        """
        if self._together is None or self._alone:
            return None
        return await self._together.commit(move)

    async def _made_alone(self, move: Move) -> datetime:
        self._alone += 1
        try:
            async with self._connection() as connection, pipelined(connection):
                [at] = await committing(connection, [move])
        finally:
            self._alone -= 1
        if at is None:
            step = move.step
            left = f"left {step.before.offset}"
            raise Overtaken(f"The checkpoint of {step.model} in {step.partition} {left}.")
        return at

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        async with self._connections, self._pool.connection() as connection:
            yield connection

    def _reach(self, partition: Partition, checkpoint: Checkpoint) -> None:
        self._reached[partition] = checkpoint
        meters.parked(self.name, partition, len(checkpoint.parked))
