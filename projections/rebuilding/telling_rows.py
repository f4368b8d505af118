"""What one partition has of one row, and which of its decisions made that."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

from msgspec import Struct

from events.codec import Blind, Cipher
from events.topics import Partition
from infra.worker import progress
from infra.worker.progress import Accepted, Checkpoint
from projections.explaining import NeedsRow, Story, Traced, Watched
from projections.folding import events_of, moment_of, persons, wanted_types
from projections.model import Model
from projections.operations import Operation
from projections.rebuilding.tools import Meter, Tools
from projections.tables import Key, Table

_MASKING: Final = Blind()
"""Opens nothing, so that people's own words all read the same."""


class RowTask(Struct, frozen=True):
    """A row of a model, to be explained below `stop`.

    The decisions at the offsets `parked` are set aside, those in `dropped` for good.
    """

    model: Model
    table: Table
    key: Key
    stop: int
    parked: frozenset[int] = frozenset()
    dropped: frozenset[int] = frozenset()


async def tell_row(partition: Partition, task: RowTask, tools: Tools) -> Traced:
    """What the partition has of the row. Each record is told of once.

    Raises what says nothing about the row: `LogUnavailable`, `Halted`, psycopg's errors.
    """
    watched = Watched(task.model, task.table, task.key)
    meter = Meter(tools.told, task.stop)
    while True:
        try:
            told = await _Reading(partition, task, watched, tools).through(meter)
        except NeedsRow as needed:
            # From the start once more, with that row held from its beginning.
            watched.also(needed.table, needed.key)
        else:
            meter.finish()
            return told


class _Reading:
    """One pass through the partition."""

    def __init__(self, partition: Partition, task: RowTask, watched: Watched, tools: Tools) -> None:
        self._partition = partition
        self._task = task
        self._tools = tools
        self._wanted = wanted_types(task.model)
        self._story = Story(task.model, partition, watched)

    async def through(self, meter: Meter) -> Traced:
        """Everything below the task's `stop`; raises `NeedsRow`."""
        checkpoint = Checkpoint()
        async with aclosing(self._tools.log.stream(self._partition, 0, self._task.stop)) as batches:
            async for entries in batches:
                reads = progress.remaining(checkpoint, progress.read(entries))
                checkpoint, accepted = progress.advanced(checkpoint, reads)
                failure = await self._take(accepted)
                meter.add(len(entries))
                if failure:
                    return Traced(failure=f"{self._partition} at offset {failure}")
        return self._story.end()

    async def _take(self, accepted: Sequence[Accepted]) -> str:
        """Fold these decisions; where and why that must not go on, empty if it may."""
        await self._tools.keys.load(list(persons(accepted, self._wanted)))
        for one in accepted:
            unknown = progress.unknown_type(one.decision)
            if unknown is not None:
                return f"{one.offset}: Event type {unknown} is unknown to this version of Agora."
            if not progress.concerns(one.decision, self._wanted):
                continue
            if one.offset in self._task.parked:
                self._pass_over(one)
                continue
            try:
                operations = self._operations(one, self._tools.keys)
                masked = self._operations(one, _MASKING)
            except Exception as problem:
                return f"{one.offset}: {type(problem).__name__}: it cannot be applied."
            self._story.take(one, operations, masked)
        return ""

    def _pass_over(self, one: Accepted) -> None:
        operations: Sequence[Operation] | None
        try:
            operations = self._operations(one, self._tools.keys)
        except Exception:
            # Why it was set aside, most likely: `agora parked show` tells.
            operations = None
        self._story.pass_over(one, operations, dropped=one.offset in self._task.dropped)

    def _operations(self, one: Accepted, cipher: Cipher) -> list[Operation]:
        model = self._task.model
        moment = moment_of(self._partition, one)
        events = events_of(model, one.decision.facts, self._wanted, cipher)
        return [operation for event in events for operation in model.changes(event, moment)]
