"""Who owns which partition, as far as this process has read the log."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from events import record
from events.record import DamagedRecord
from events.tenure import UNCLAIMED, Tenure, accept
from events.topics import Partition
from infra.log.port import Entry, Log


class Place(Struct):
    """How far a partition is read, and the tenure in force there."""

    next_offset: int
    tenure: Tenure


LEARNED_S: Final = 0.25
"""How long the tail leaves a partition alone of which an owner here has learned by itself.

Longer than the rounds of an owner that is very busy: it would read what it wrote just then."""


class Tenures:
    """Follows the control records of all partitions, by one tail.

    An owner's appends tell it whatever stands before them. So while it is busy its partition is
    not read a second time (docs/adr/0019-a-busy-owner-is-its-own-reader.md).

    Partitions that were not started are read from nowhere: unclaimed, and so they stay.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._places: defaultdict[Partition, Place] = defaultdict(lambda: Place(0, UNCLAIMED))
        self._learned_at: dict[Partition, float] = {}
        self._read: dict[Partition, asyncio.Future[None]] = {}
        self._changed: dict[Partition, asyncio.Future[None]] = {}

    def start(self, places: Mapping[Partition, Place]) -> None:
        """Where to follow from: for each partition an offset and the tenure in force there."""
        self._places.update(places)

    @property
    def partitions(self) -> Sequence[Partition]:
        """Every partition followed."""
        return tuple(self._places)

    def of(self, partition: Partition) -> Tenure:
        """The partition's tenure, as far as it is read."""
        return self._places[partition].tenure

    async def run(self) -> None:
        """Follows for ever; cancel it to stop."""
        starts = {partition: place.next_offset for partition, place in self._places.items()}
        async for partition, entries in self._log.tail(starts, self._known):
            self._fold(partition, entries)

    def learned(self, partition: Partition, next_offset: int) -> None:
        """The owner knows for certain that its tenure is in force up to `next_offset`."""
        place = self._places[partition]
        place.next_offset = max(place.next_offset, next_offset)
        self._learned_at[partition] = asyncio.get_running_loop().time()

    def ended(self, partition: Partition) -> None:
        """The owner here is none any more: what follows is learned from the tail."""
        self._learned_at.pop(partition, None)

    def _known(self) -> dict[Partition, int]:
        since = asyncio.get_running_loop().time() - LEARNED_S
        return {
            partition: self._places[partition].next_offset
            for partition, at in self._learned_at.items()
            if at > since
        }

    def _fold(self, partition: Partition, entries: Sequence[Entry]) -> None:
        place = self._places[partition]
        before = place.tenure
        for entry in entries:
            if entry.offset >= place.next_offset and record.concerns_tenure(entry.value):
                place.tenure = _after(place.tenure, entry)
        place.next_offset = max(place.next_offset, entries[-1].offset + 1)
        _ring(self._read, partition)
        if place.tenure != before:
            _ring(self._changed, partition)

    async def reached(self, partition: Partition, offset: int) -> None:
        """Until the record at `offset` is read."""
        while self._places[partition].next_offset <= offset:
            await asyncio.shield(_bell(self._read, partition))

    async def changed(self, partition: Partition, tenure: Tenure) -> None:
        """Until the partition's tenure is another than `tenure`."""
        while self._places[partition].tenure == tenure:
            await asyncio.shield(_bell(self._changed, partition))


def _after(tenure: Tenure, entry: Entry) -> Tenure:
    try:
        return accept(tenure, entry.offset, record.decode(entry.value))[0]
    except DamagedRecord:
        return tenure


def _bell(
    bells: dict[Partition, asyncio.Future[None]], partition: Partition
) -> asyncio.Future[None]:
    """The future that the next `_ring` of the partition resolves."""
    if partition not in bells:
        bells[partition] = asyncio.get_running_loop().create_future()
    return bells[partition]


def _ring(bells: dict[Partition, asyncio.Future[None]], partition: Partition) -> None:
    bell = bells.pop(partition, None)
    if bell is not None:
        bell.set_result(None)
