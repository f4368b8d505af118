"""From a valid claim to serving: the checkpoint, then the log's tail after it.

How long it takes depends on what the last owner had not saved, never on the log's length.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from commands.writer.heads import Heads
from commands.writer.ruling import EPOCH_START
from events import codec, record
from events.catalog import FOLDS
from events.codec import Blind
from events.record import DamagedRecord, Decision
from events.stream import moved
from events.tenure import Tenure, accept
from events.topics import Partition
from infra.checkpoints.port import Checkpoints, Saved
from infra.log.port import Entry, Log, LogUnavailable
from schemas.refusals import Unavailable

BLIND = Blind()
REPLAY_ENTRIES = 2000
REPLAYED_HEADS = 20_000
"""More than an owner leaves behind unsaved, so that only the replay of a long log saves."""


class ForeignLog(RuntimeError):
    """The checkpoint was made on another log than this one: somebody has to look at it."""


class Unfoldable(RuntimeError):
    """The tail does not fold on the checkpoint that was found at `offset`; the cause says why."""

    def __init__(self, offset: int, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.offset = offset


class Taken(Struct, frozen=True):
    """A partition ready to be served: what the log says up to and with the owner's claim."""

    heads: Heads
    next_offset: int
    last_id: UUID | None
    at: datetime


async def take_over(
    partition: Partition,
    tenure: Tenure,
    log: Log,
    checkpoints: Checkpoints,
    save_at: int = REPLAYED_HEADS,
) -> Taken:
    """The partition's heads at the claim of `tenure`, which must be in force.

    Once `save_at` heads have changed they are saved: a tail that was never saved may be the whole
    log, whose heads need not fit into memory, nor into one save.
    Raises `Fenced` when a newer claim has the checkpoint already, `ForeignLog`,
    `LogUnavailable`, `Unavailable`, and `Unfoldable` for whatever else goes wrong in the fold.
    """
    # Whatever the log's reader has to open first, it opens while the checkpoint is fetched.
    saved, end = await asyncio.gather(
        checkpoints.take(partition, tenure.claimed_at), log.end(partition)
    )
    await check_same_log(partition, saved, end, log)
    state = _Replay(partition, saved, Heads(partition, checkpoints, saved.offset))
    stop = tenure.claimed_at + 1
    while state.offset < stop:
        upto = min(stop, state.offset + REPLAY_ENTRIES)
        entries = await log.read(partition, state.offset, upto)
        try:
            await state.fold(entries)
        except Unavailable:
            raise
        except Exception as error:
            raise Unfoldable(state.heads.since, error) from error
        if len(state.heads.dirty) >= save_at:
            await state.heads.save(tenure.claimed_at, state.reached())
            state.heads.evict(save_at)
    return Taken(state.heads, state.offset, state.last_id, state.at)


async def check_same_log(partition: Partition, saved: Saved, end: int, log: Log) -> None:
    """Raises `ForeignLog` unless the checkpoint's last record stands where it stood."""
    if saved.offset == 0:
        return
    if saved.offset > end:
        raise ForeignLog(
            f"The state checkpoint of {partition} is at offset {saved.offset}, "
            f"but the log ends at {end}: it was made on another log, or the log lost records."
        )
    entries = await log.read(partition, saved.offset - 1, saved.offset)
    if not entries:
        raise LogUnavailable(f"{partition} cannot be read at offset {saved.offset - 1} now.")
    entry = entries[0]
    if saved.last_id is not None and record_id(entry) != saved.last_id:
        raise ForeignLog(
            f"Offset {entry.offset} of {partition} is not the record {saved.last_id} that the "
            "state checkpoint ends with: it was made on another log."
        )


def record_id(entry: Entry) -> UUID | None:
    """The id of the entry's record; None if it is damaged."""
    try:
        return record.decode(entry.value).id
    except DamagedRecord:
        return None


class _Replay:
    """The fold of a partition's tail, from a checkpoint on."""

    def __init__(self, partition: Partition, saved: Saved, heads: Heads) -> None:
        self.partition = partition
        self.heads = heads
        self.offset = saved.offset
        self.last_id = saved.last_id
        self.at = EPOCH_START if saved.at is None else saved.at
        self._tenure = saved.tenure

    async def fold(self, entries: Sequence[Entry]) -> None:
        """Folds the entries that count, after loading the heads that they need at once."""
        counted = [pair for pair in map(self._counted, entries) if pair is not None]
        streams = [name for _, decision in counted for name in _names(decision)]
        await self.heads.bring(tuple(dict.fromkeys(streams)))
        for offset, decision in counted:
            self._apply(offset, decision)

    def reached(self) -> Saved:
        """Where the heads are now."""
        return Saved(self.offset, self.last_id, self._tenure, self.at)

    def _counted(self, entry: Entry) -> tuple[int, Decision] | None:
        self.offset = entry.offset + 1
        try:
            written = record.decode(entry.value)
        except DamagedRecord:
            self.last_id = None
            return None
        self.last_id = written.id
        self._tenure, counts = accept(self._tenure, entry.offset, written)
        if counts:
            self.at = max(self.at, written.at)
        return (entry.offset, written) if counts and isinstance(written, Decision) else None

    def _apply(self, offset: int, decision: Decision) -> None:
        events = tuple(codec.decode(fact, BLIND) for fact in decision.facts)
        heads = {name: self.heads[name] for name in _names(decision)}
        self.heads.replayed(moved(heads, decision, events, offset, FOLDS))


def _names(decision: Decision) -> Sequence[str]:
    """The streams that the decision moves, in its own order, so that runs can be repeated."""
    return *(fact.stream for fact in decision.facts), decision.stream
