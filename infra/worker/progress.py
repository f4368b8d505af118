"""How far a subscriber has come in a partition, and what of the next records counts for it.

Pure: the one place where offsets are compared, so that a record is never skipped and never
applied twice, whatever was delivered, by whom, how often.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from events import catalog, record
from events.record import DamagedRecord, Decision, Record
from events.tenure import UNCLAIMED, Tenure, accept
from infra.log.port import Entry, LogUnavailable


class Read(NamedTuple):
    """One record of the log, decoded once for all subscribers. A damaged one counts for nobody."""

    offset: int
    record: Record | DamagedRecord


NEVER: Final = datetime.min.replace(tzinfo=UTC)


class Build(NamedTuple):
    """The set of rows that a checkpoint stands for, and the version of the model that made them.

    Subscribers without rows have number 0, and so has a read model none of whose builds is live.
    """

    number: int = 0
    version: int = 0


class Checkpoint(Struct, frozen=True):
    """A subscriber's place in a partition, as stored with its rows.

    `offset` is the last record consumed (-1 = none), `last_id` its id (None if it was damaged),
    `tenure` who owned the partition there. `parked` are the shards that wait behind an event
    which could not be applied; `revision` grows when an operator changes that list. `halted`
    says why the subscriber stands still, empty when it does not. `build` is the set of rows.
    What comes after it was committed after `at`, on the clock of the database.
    """

    offset: int = -1
    last_id: UUID | None = None
    tenure: Tenure = UNCLAIMED
    revision: int = 0
    parked: frozenset[str] = frozenset()
    halted: str = ""
    build: Build = Build()
    at: datetime = NEVER


class Accepted(NamedTuple):
    """A decision that counts, and where it stands."""

    offset: int
    decision: Decision


class Halted(RuntimeError):
    """The subscriber must not go on in this partition; the text says why and what helps."""


class Paused(RuntimeError):
    """Operators want the subscriber to rest."""


class Overtaken(RuntimeError):
    """The stored checkpoint moved: another worker has the partition, or an operator stepped in."""


def read(entries: Iterable[Entry]) -> list[Read]:
    """The entries, decoded."""
    return [Read(entry.offset, _decoded(entry)) for entry in entries]


def remaining(checkpoint: Checkpoint, reads: Sequence[Read]) -> Sequence[Read]:
    """What of `reads` lies beyond the checkpoint; raises `Halted` if records are missing."""
    expected = checkpoint.offset + 1
    if not reads or reads[-1].offset < expected:
        return ()
    if reads[0].offset < expected:
        reads = [one for one in reads if one.offset >= expected]
    for offset, one in enumerate(reads, start=expected):
        if one.offset != offset:
            raise Halted(
                f"Offset {offset} is missing: {one.offset} came next. Records of the log are "
                "never deleted; run `agora log check`."
            )
    return reads


def advanced(checkpoint: Checkpoint, reads: Sequence[Read]) -> tuple[Checkpoint, list[Accepted]]:
    """The checkpoint after `reads`, which follow it without a gap, and the decisions that count."""
    accepted: list[Accepted] = []
    tenure, last_id = checkpoint.tenure, checkpoint.last_id
    for offset, found in reads:
        if isinstance(found, DamagedRecord):
            last_id = None
            continue
        tenure, counts = accept(tenure, offset, found)
        last_id = found.id
        if counts and isinstance(found, Decision):
            accepted.append(Accepted(offset, found))
    offset = reads[-1].offset if reads else checkpoint.offset
    after = replace(checkpoint, offset=offset, last_id=last_id, tenure=tenure, halted="")
    return after, accepted


def unknown_type(decision: Decision) -> str | None:
    """The first event type of the decision that this version of Agora does not know."""
    for fact in decision.facts:
        if fact.type not in catalog.TYPES and fact.type not in catalog.UPCASTERS:
            return fact.type
    return None


def may_be(name: str, types: Collection[str]) -> bool:
    """Whether a fact of that type may turn out as one of `types`: old types may become any."""
    return name in types or name in catalog.UPCASTERS


def concerns(decision: Decision, types: Collection[str]) -> bool:
    """Whether any event of the decision may turn out as one of `types`."""
    return any(may_be(fact.type, types) for fact in decision.facts)


def same_log(checkpoint: Checkpoint, end: int, last: Read | None = None) -> None:
    """Raise `Halted` unless this is the log that the checkpoint was made from.

    `end` is the offset after the log's last record, `last` what now stands at the checkpoint;
    without it `LogUnavailable` is raised.
    """
    if checkpoint.offset >= end:
        raise Halted(
            f"The checkpoint is at offset {checkpoint.offset}, but the log ends at {end}: it was "
            "truncated, or belongs to another cluster. Rebuild the projection from this log."
        )
    if last is None:
        raise LogUnavailable(f"Offset {checkpoint.offset} cannot be read yet.")
    found = None if isinstance(last.record, DamagedRecord) else last.record.id
    if found != checkpoint.last_id:
        raise Halted(
            f"Offset {checkpoint.offset} holds record {found}, but {checkpoint.last_id} was "
            "consumed there: this is another log. Rebuild the projection from it."
        )


def _decoded(entry: Entry) -> Record | DamagedRecord:
    try:
        return record.decode(entry.value)
    except DamagedRecord as damage:
        return damage
