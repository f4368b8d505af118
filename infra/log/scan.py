"""Reading a partition with the accept rule: each record, whether it counts, and who owned it."""

import heapq
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
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

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


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
    async with aclosing(_pages(log, partition, start, stop)) as pages:
        async for entries in pages:
            for entry in entries:
                item = scanned(partition, tenure, entry)
                tenure = item.tenure
                yield item


async def merged(
    scans: Sequence[AsyncGenerator[Scanned, None]],
) -> AsyncGenerator[Scanned, None]:
    """The records of several scans by their time, those of one partition in their order."""
    heads: list[tuple[datetime, int, Scanned]] = []
    times = [_LONG_AGO] * len(scans)

    async def draw(index: int) -> None:
        item = await anext(scans[index], None)
        if item is not None:
            # A partition's damaged records and its claimants' clocks must not reorder it.
            times[index] = max(times[index], item.record.at if item.record else _LONG_AGO)
            heapq.heappush(heads, (times[index], index, item))

    for index in range(len(scans)):
        await draw(index)
    while heads:
        _, index, item = heapq.heappop(heads)
        yield item
        await draw(index)


async def tenure_at(log: Log, partition: Partition, offset: int, near: Saved) -> Tenure:
    """The tenure in force before the record at `offset`.

    `near` is a checkpoint that may save the reading: from there on, or all of it when its owner
    claimed before the place and held on beyond it. Else the partition is read from its start.
    Raises `LogUnavailable`.
    """
    if near.tenure.held and near.tenure.claimed_at < offset <= near.offset:
        return near.tenure
    known = near if near.offset <= offset else Saved()
    tenure = known.tenure
    async with aclosing(_pages(log, partition, known.offset, offset)) as pages:
        async for entries in pages:
            for entry in entries:
                if record.concerns_tenure(entry.value):
                    tenure = scanned(partition, tenure, entry).tenure
    return tenure


async def _pages(
    log: Log, partition: Partition, start: int, stop: int
) -> AsyncGenerator[Sequence[Entry], None]:
    while start < stop:
        entries = await log.read(partition, start, min(stop, start + PAGE))
        if not entries:
            return
        yield entries
        start = entries[-1].offset + 1
