"""Filling builds with one partition: its slices folded in memory, and their rows copied in bulk."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct
from psycopg import AsyncConnection

from infra.worker import checkpoints
from infra.worker.checkpoints import Parked
from infra.worker.progress import Checkpoint
from projections.encoding import COPY_END, COPY_START, Unstorable, encoder, require_storable
from projections.folding import wanted_types
from projections.memory import Rows
from projections.model import Model
from projections.operations import Keep, Operation, Update, UpdateWhere, Upsert
from projections.rebuilding import fills
from projections.rebuilding.fills import Fill
from projections.rebuilding.scattering import Scattering, Unfoldable
from projections.rebuilding.shadow import Shadow
from projections.rebuilding.slices import Slices
from projections.rebuilding.tools import Meter, Tools
from projections.tables import Table, stored_name

COPY_BYTES: Final = 4 << 20
"""Rows are copied once they are so many bytes."""


class FillTask(Struct, frozen=True):
    """One model's build, as far as it is filled in the partition."""

    model: Model
    build: int
    fill: Fill


def parts_name(table: Table, build: int) -> str:
    """Where what each slice adds to a tally is kept until the slices are summed up."""
    return f"{stored_name(table, build)}_parts"


async def fill(tasks: Sequence[FillTask], tools: Tools) -> dict[str, str]:
    """Fill the builds with one partition, from where each stands; why models failed, by name.

    Each record is told of twice, when it is read and when it is folded.
    All tasks are about the same partition in as many slices. Raises what says nothing about a
    model: `LogUnavailable`, `Halted`, `Overtaken`, psycopg's errors, OSError.
    """
    partition, slices_count = tasks[0].fill.partition, tasks[0].fill.slices
    first = min(task.fill.done for task in tasks)
    failures: dict[str, str] = {}
    with Slices(slices_count, kept=len(tasks) > 1) as slices:
        wanted = frozenset().union(*(wanted_types(task.model) for task in tasks))
        meter = Meter(tools.told, 2 * max(task.fill.stop for task in tasks))
        scattering = Scattering(tools.log, partition, slices, wanted, meter.add)
        fillers = []
        for task in sorted(tasks, key=lambda task: task.fill.stop):
            try:
                checkpoint = await scattering.read_to(task.fill.stop, first)
            except Unfoldable as reason:
                failures[task.model.name] = str(reason)
                continue
            fillers.append(Filler(task, tools, checkpoint))
        for number in range(first, slices_count):
            for filler in fillers:
                try:
                    await filler.fill(slices, number)
                except Unfoldable as reason:
                    failures[filler.name] = str(reason)
            fillers = [filler for filler in fillers if filler.name not in failures]
            meter.add(slices.records[number])
        meter.finish()
    return failures


class Filler:
    """Folds and copies one build's slices of one partition, one after the other."""

    def __init__(self, task: FillTask, tools: Tools, checkpoint: Checkpoint) -> None:
        self.name = task.model.name
        self._model = task.model
        self._build = task.build
        self._fill = task.fill
        self._pool = tools.pool
        self._checkpoint = checkpoint
        self._shadow = Shadow(task.model, task.fill.partition, task.fill.stop, tools.keys)
        self._blocks: dict[str, list[bytes]] = {}
        self._bytes = 0
        self._parked: list[Parked] = []

    async def fill(self, slices: Slices, number: int) -> None:
        """Take in a slice, if that was not done before; raises `Unfoldable`."""
        if number < self._fill.done:
            return
        for table, blocks in (await self._encoded(slices, number)).items():
            self._blocks.setdefault(table, []).extend(blocks)
            self._bytes += sum(map(len, blocks))
        self._parked += self._shadow.set_aside
        done = number + 1
        if self._bytes >= COPY_BYTES or done == self._fill.slices:
            await self._copy(done)

    async def _encoded(self, slices: Slices, number: int) -> dict[str, list[bytes]]:
        """The rows of the slice by stored table, as COPY takes them: a block for each share."""
        while True:
            found: dict[str, list[bytes]] = {}
            try:
                async for rows in self._shadow.fold(slices, number):
                    for table, block in _encoded(self._model, self._build, rows):
                        found.setdefault(table, []).append(block)
                    # Held on to, they would be in memory beside those of the next share.
                    del rows
            except Unstorable as problem:
                offset = await self._first_unstorable(slices, number)
                self._shadow.refuse(offset, str(problem))
            else:
                return found

    async def _first_unstorable(self, slices: Slices, number: int) -> int:
        async for one, operations in self._shadow.operations(slices, number):
            for operation in operations:
                try:
                    _require_storable(operation)
                except Unstorable:
                    return one.offset
        raise AssertionError("a row cannot be stored that no operation made so")

    async def _copy(self, done: int) -> None:
        partition = self._fill.partition
        async with self._pool.connection() as connection, connection.transaction():
            fill = await fills.advance(connection, self.name, self._build, self._fill, done)
            for table, blocks in self._blocks.items():
                await _copied(connection, table, blocks)
            if self._parked:
                await checkpoints.park(connection, self.name, self._build, partition, self._parked)
            if done == fill.slices:
                await checkpoints.store(
                    connection, self.name, self._build, partition, self._checkpoint
                )
        self._fill = fill
        self._blocks, self._bytes, self._parked = {}, 0, []


def _encoded(model: Model, build: int, rows: Rows) -> list[tuple[str, bytes]]:
    found = []
    for table in model.tables:
        encode = encoder(table)
        block = b"".join([encode(row) for _, row in rows.kept(table)])
        found.append((stored_name(table, build), block))
    for tally in model.tallies:
        encode, names = encoder(tally.table), tally.table.key
        parts = [
            encode(dict(zip(names, key, strict=True)) | {tally.count: count})
            for key, count in rows.counted(tally).items()
        ]
        found.append((parts_name(tally.table, build), b"".join(parts)))
    return found


def _require_storable(operation: Operation) -> None:
    match operation:
        case Upsert(table, row) | Keep(table, row):
            require_storable(table, row)
        case Update(table, _, values) | UpdateWhere(table, _, values):
            require_storable(table, values)
        case _:
            return


async def _copied(connection: AsyncConnection[Any], table: str, blocks: Sequence[bytes]) -> None:
    if not any(blocks):
        return
    query = f"copy {table} from stdin (format binary)"
    async with connection.cursor() as cursor, cursor.copy(query.encode()) as copy:
        await copy.write(COPY_START)
        for block in blocks:
            await copy.write(block)
        await copy.write(COPY_END)
