"""What models should hold of one partition: folded in memory, and told by hashes or row by row."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field

from events.topics import Partition
from infra.worker.progress import Checkpoint
from projections.contents import Contents, bucket_of
from projections.encoding import Unstorable, encoder, key_encoder
from projections.folding import wanted_types
from projections.memory import Rows
from projections.model import Model, tables_of
from projections.rebuilding.scattering import Scattering, Unfoldable
from projections.rebuilding.shadow import Shadow
from projections.rebuilding.slices import Slices, slices_for
from projections.rebuilding.tools import Meter, Tools
from projections.tables import Key, Row, Table, Value


class TellTask(Struct, frozen=True):
    """A model, to be folded below `stop` without the decisions at the offsets `parked`.

    With `buckets` by table, their rows are told as well.
    """

    model: Model
    stop: int
    parked: frozenset[int] = frozenset()
    buckets: Mapping[str, frozenset[int]] = {}


class Told(Struct):
    """What one model holds of a partition, by table.

    `checkpoint` is where the fold ended. `rows` are those of the buckets asked for, by key. For a
    tally, contents and rows are what the partition adds to its counts. `failure` says why the model
    cannot be folded.
    """

    checkpoint: Checkpoint = Checkpoint()
    contents: dict[str, Contents] = field(default_factory=dict)
    rows: dict[str, dict[Key, Row]] = field(default_factory=dict)
    failure: str = ""


async def tell(partition: Partition, tasks: Sequence[TellTask], tools: Tools) -> dict[str, Told]:
    """What each task's model holds of the partition, by its name.

    Each record is told of twice, when it is read and when it is folded.
    Raises what says nothing about a model: `LogUnavailable`, `Halted`, psycopg's errors, OSError.
    """
    found: dict[str, Told] = {}
    tasks = sorted(tasks, key=lambda task: task.stop)
    with Slices(slices_for(tasks[-1].stop), kept=len(tasks) > 1) as slices:
        wanted = frozenset().union(*(wanted_types(task.model) for task in tasks))
        meter = Meter(tools.told, 2 * max(task.stop for task in tasks))
        scattering = Scattering(tools.log, partition, slices, wanted, meter.add)
        tellers = []
        for task in tasks:
            told = found[task.model.name] = Told()
            try:
                told.checkpoint = await scattering.read_to(task.stop)
            except Unfoldable as reason:
                told.failure = str(reason)
                continue
            shadow = Shadow(task.model, partition, task.stop, tools.keys, task.parked)
            tellers.append(Teller(task, shadow, told))
        for number in range(len(slices.records)):
            for teller in tellers:
                await teller.take(slices, number)
            meter.add(slices.records[number])
        meter.finish()
    return found


class Teller:
    """Takes a model's slices into what is told of it."""

    def __init__(self, task: TellTask, shadow: Shadow, told: Told) -> None:
        self._task = task
        self._shadow = shadow
        self._told = told
        for table in tables_of(task.model):
            told.contents[table.name] = Contents()

    async def take(self, slices: Slices, number: int) -> None:
        """Take in a slice; nothing more of a model that could not be folded."""
        if self._told.failure:
            return
        try:
            async for rows in self._shadow.fold(slices, number):
                self._take(rows)
                # Held on to, they would be in memory beside those of the next share.
                del rows
        except (Unfoldable, Unstorable) as reason:
            self._told.failure = str(reason)

    def _take(self, rows: Rows) -> None:
        model, contents = self._task.model, self._told.contents
        for table in model.tables:
            add, encode_key, encode = contents[table.name].add, key_encoder(table), encoder(table)
            for key, row in rows.kept(table):
                add(encode_key(key), encode(row)[2:])
        for tally in model.tallies:
            add, encode_key = contents[tally.table.name].add, key_encoder(tally.table)
            for key, count in rows.counted(tally).items():
                encoded = encode_key(key)
                add(encoded, encoded, count)
        for name, buckets in self._task.buckets.items():
            self._keep(rows, name, buckets)

    def _keep(self, rows: Rows, name: str, buckets: frozenset[int]) -> None:
        [table] = (table for table in tables_of(self._task.model) if table.name == name)
        counts = {tally.table: tally.count for tally in self._task.model.tallies}
        kept, encode_key = self._told.rows.setdefault(name, {}), key_encoder(table)
        for key, row in _rows(rows, table, table in counts):
            if bucket_of(encode_key(key)) in buckets:
                kept[key] = added(kept.get(key), row, counts.get(table))


def added(there: Row | None, row: Row, count: str | None) -> Row:
    """The row, and for one of a tally what is there already besides: `count` is its column."""
    if there is None or count is None:
        return row
    return row | {count: _number(there[count]) + _number(row[count])}


def _number(value: Value) -> int:
    assert isinstance(value, int)
    return value


def _rows(rows: Rows, table: Table, is_tally: bool) -> Iterator[tuple[Key, Row]]:
    return iter(rows.of(table).items()) if is_tally else rows.kept(table)
