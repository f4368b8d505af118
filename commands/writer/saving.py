"""Saves state checkpoints during a tenure, and once more at its end.

A checkpoint holds only what is durable. Each one adds what changed to the one before, and so is
refused where that is not there any more. A newer owner's claim closes it to this one. Both are
`Fenced`: this owner must not go on, and the tenure ends.
"""

import asyncio
import logging
from typing import Final

from msgspec import Struct

from commands.writer.owner import Ending, Owner
from commands.writer.takeover import REPLAYED_HEADS
from events.topics import Partition
from infra.checkpoints.port import Fenced, Saved
from schemas.refusals import Unavailable

RETRY_FIRST_S: Final = 0.25
RETRY_LAST_S: Final = 5.0
"""Pauses after saves that failed. A short last one: what is not saved, a takeover has to replay."""

log = logging.getLogger(__name__)


class Pace(Struct, frozen=True):
    """When to save: after `interval_s` seconds, or once `heads` changed; and what to keep.

    A replay saves once it changed `replayed_heads`.
    """

    interval_s: float = 2.0
    heads: int = 5000
    keep_heads: int = 200_000
    replayed_heads: int = REPLAYED_HEADS


class Saver:
    """Saves one tenure's heads."""

    def __init__(
        self,
        partition: Partition,
        owner: Owner,
        pace: Pace,
    ) -> None:
        self._partition = partition
        self._owner = owner
        self._pace = pace
        self._saved_next = -1

    async def run(self) -> None:
        """Saves until the owner turns out to be fenced; cancel it when the tenure ends.

        Whatever else goes wrong is logged and tried again, after pauses that double: commands do
        not wait for checkpoints, and while the store is away ever more is due to be saved.
        """
        retry_s = RETRY_FIRST_S
        while True:
            await self._due()
            try:
                await self.save()
            except Fenced:
                log.info("%s: a newer owner has the checkpoint, or it was lost.", self._partition)
                self._owner.end(Ending.RESIGNED)
                return
            except Exception as error:
                self._tell(error)
                await asyncio.sleep(retry_s)
                retry_s = min(2 * retry_s, RETRY_LAST_S)
            else:
                retry_s = RETRY_FIRST_S

    async def _due(self) -> None:
        """The interval, cut short at a quarter of it when much has changed."""
        for _ in range(4):
            if len(self._owner.heads.dirty) >= self._pace.heads:
                return
            await asyncio.sleep(self._pace.interval_s / 4)

    def _tell(self, error: Exception) -> None:
        if isinstance(error, Unavailable):
            log.warning("%s: no checkpoint this time: %s", self._partition, error)
        else:
            log.error("%s: the checkpoint cannot be saved.", self._partition, exc_info=error)

    async def save(self) -> None:
        """Saves what is durable and not saved yet; raises `Fenced` or `Unavailable`."""
        owner = self._owner
        if owner.durable_next == self._saved_next and not owner.heads.lapsed:
            return
        saved = Saved(owner.durable_next, owner.durable_last_id, owner.tenure, owner.latest)
        await owner.heads.save(owner.tenure.claimed_at, saved)
        owner.heads.evict(self._pace.keep_heads)
        self._saved_next = saved.offset
