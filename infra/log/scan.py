"""Reading a partition with the accept rule: each record, whether it counts, and who owned it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from msgspec import Struct

from events import record
from events.record import DamagedRecord, Record
from events.tenure import UNCLAIMED, Tenure, accept
from events.topics import Partition
from infra.checkpoints.port import Saved
from infra.log.port import Entry, Log

PAGE: Final = 5000
"""Records held in memory at once."""


class Scanned(Struct, frozen=True):
    """A record in its place. `tenure` is the one after it; `damage` says why there is no record.

    `counts` is the accept rule's word: what does not count never happened.
    """

    partition: Partition
    entry: Entry
    record: Record | None
    counts: bool
    tenure: Tenure
    damage: str = ""


def scanned(partition: Partition, tenure: Tenure, entry: Entry) -> Scanned:
    """The entry as it stands after `tenure`; a damaged one never counts."""
    try:
        found = record.decode(entry.value)
    except DamagedRecord as error:
        return Scanned(partition, entry, None, False, tenure, str(error))
    after, counts = accept(tenure, entry.offset, found)
    return Scanned(partition, entry, found, counts, after)


async def scan(
    log: Log,
    partition: Partition,
    start: int = 0,
    stop: int | None = None,
    tenure: Tenure = UNCLAIMED,
) -> AsyncGenerator[Scanned, None]:
    """The records of [start, stop) in order; `stop` is the present end when left out.

    `tenure` is the one in force at `start` (`tenure_at`). Raises `LogUnavailable`.
    """
    stop = await log.end(partition) if stop is None else stop
    while start < stop:
        entries = await log.read(partition, start, min(stop, start + PAGE))
        if not entries:
            return
        for entry in entries:
            item = scanned(partition, tenure, entry)
            tenure = item.tenure
            yield item
        start = entries[-1].offset + 1


async def tenure_at(log: Log, partition: Partition, offset: int, near: Saved) -> Tenure:
    """The tenure in force before the record at `offset`.

    `near` is a checkpoint to start from, used if it is not beyond the place; without one the
    partition is read from its start. Raises `LogUnavailable`.
    """
    known = near if near.offset <= offset else Saved()
    tenure = known.tenure
    async with aclosing(scan(log, partition, known.offset, offset, tenure)) as items:
        async for item in items:
            tenure = item.tenure
    return tenure
