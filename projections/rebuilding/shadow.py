"""One model folded from slices in memory, beside whatever the database holds of it.

A slice is folded at once, unless it has a shard that very much happened to. Then it is set apart
once more, by the rows that its decisions change (`projections.rebuilding.shares`), and folded share
by share: the first while the others are set apart, so that no decision is read more than twice.
"""

import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice, takewhile
from typing import Final

from events import record
from events.topics import Partition
from infra.worker.checkpoints import Parked
from infra.worker.progress import Accepted, concerns
from projections.folding import events_of, persons, wanted_types
from projections.memory import EVERYTHING, NeedsWhole, Rows, Share
from projections.model import Model, Moment
from projections.operations import Operation
from projections.rebuilding.scattering import Unfoldable
from projections.rebuilding.shares import shares_of
from projections.rebuilding.slices import SLICE_RECORDS, Slices
from projections.subscriber import Keys
from projections.tables import Table

SHARE_RECORDS: Final = 3 * SLICE_RECORDS
"""A slice with more records is folded in as many shares more. Up to there its rows take as much
memory as those of a slice of the usual size and its decisions, which are kept for all models."""

_CHUNK: Final = 1000

_log = logging.getLogger(__name__)


class Shadow:
    """A model, folded up to `stop` in one partition.

    `parked` are the offsets of decisions that are set aside. If it is None, the fold by itself sets
    aside what it cannot apply, as a worker does: `set_aside` has those of the slice folded last.
    """

    def __init__(
        self,
        model: Model,
        partition: Partition,
        stop: int,
        keys: Keys,
        parked: frozenset[int] | None = None,
    ) -> None:
        self.model = model
        self.partition = partition
        self.stop = stop
        self.set_aside: list[Parked] = []
        self._keys = keys
        self._place = str(partition)
        self._parked = parked
        self._refused: dict[int, str] = {}
        self._wanted = wanted_types(model)
        self._whole: frozenset[Table] = frozenset()

    async def fold(self, slices: Slices, number: int) -> AsyncIterator[Rows]:
        """The rows of a slice, share by share. Let go of those before the next are asked for.

        Raises `Unfoldable` for an event that must not be passed, `Unavailable` while the keys of
        personal data cannot be read.
        """
        count = -(-slices.records[number] // SHARE_RECORDS)
        if count <= 1:
            yield await self._rows(slices, number, EVERYTHING)
            return
        first, shares = await self._set_apart(slices, number, count)
        with shares:
            set_aside = self.set_aside
            yield first
            del first
            for share in range(1, count):
                yield await self._rows(shares, share, Share(share, count, self._whole))
            self.set_aside = set_aside

    def refuse(self, offset: int, reason: str) -> None:
        """Hold the decision at `offset` for one that cannot be applied, from the next fold on."""
        if self.model.visibility or self._parked is not None:
            raise Unfoldable(self.partition, offset, reason)
        self._refused[offset] = reason

    async def operations(
        self, slices: Slices, number: int
    ) -> AsyncIterator[tuple[Accepted, list[Operation]]]:
        """The decisions of a slice that are applied, each with what it changes."""
        self.set_aside = []
        waiting: set[str] = set()
        for chunk in _chunks(slices, number, self.stop):
            await self._keys.load(list(persons(chunk, self._wanted)))
            for one in chunk:
                if self._parked is not None and one.offset in self._parked:
                    continue
                if one.decision.shard in waiting:
                    self.set_aside.append(Parked(one, None))
                    continue
                if not concerns(one.decision, self._wanted):
                    continue
                operations = self._operations(one)
                if operations is None:
                    waiting.add(one.decision.shard)
                else:
                    yield one, operations

    async def _set_apart(self, slices: Slices, number: int, count: int) -> tuple[Rows, Slices]:
        """The rows of the first share, and the decisions of each other that are applied in it."""
        while True:
            shares, first = Slices(count), Share(0, count, self._whole)
            rows = Rows(self.model, self.partition, first)
            try:
                async for one, operations in self.operations(slices, number):
                    for share in shares_of(operations, first):
                        if share == first.number:
                            rows.apply(operations)
                        else:
                            shares.put(share, one.offset, record.encode(one.decision))
            except NeedsWhole as needed:
                shares.close()
                self._whole |= {needed.table}
            except BaseException:
                shares.close()
                raise
            else:
                return rows, shares

    async def _rows(self, slices: Slices, number: int, share: Share) -> Rows:
        rows = Rows(self.model, self.partition, share)
        async for _, operations in self.operations(slices, number):
            rows.apply(operations)
        return rows

    def _operations(self, one: Accepted) -> list[Operation] | None:
        """What the decision changes; None if it is set aside."""
        reason = self._refused.get(one.offset, "")
        if not reason:
            try:
                events = events_of(self.model, one.decision.facts, self._wanted, self._keys)
                decision = one.decision
                moment = Moment(decision.at, self._place, one.offset, decision.after)
                return [each for event in events for each in self.model.changes(event, moment)]
            except Exception as problem:
                _log.exception("%s cannot apply offset %d", self.model.name, one.offset)
                reason = f"{type(problem).__name__}; the trace is in the log."
                self.refuse(one.offset, reason)
        self.set_aside.append(Parked(one, reason))
        return None


def _chunks(slices: Slices, number: int, stop: int) -> Iterator[Sequence[Accepted]]:
    decisions = takewhile(lambda one: one.offset < stop, slices.decisions(number))
    while chunk := list(islice(decisions, _CHUNK)):
        yield chunk
