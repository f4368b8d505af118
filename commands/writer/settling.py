"""Settles a batch whose append had an unknown outcome, by reading the log.

Nothing written under an epoch counts after the next valid claim, whoever made it. So once that
claim is known, the records between the batch's place and the claim decide for ever: a decision
that counts there was made, one that does not never will be.
"""

from collections.abc import Sequence

from msgspec import Struct

from commands.writer.batch import Batch, Waiting, answered
from events import record
from events.record import DamagedRecord, Decision
from events.tenure import Tenure, accept
from events.topics import Partition
from infra.log.port import Entry, Log


class Unsettled(Struct, frozen=True):
    """A batch of the tenure `tenure` that may have landed at `batch.start` or later."""

    batch: Batch
    tenure: Tenure


async def settle(
    partition: Partition, unsettled: Unsettled, next_claim: int, log: Log
) -> Sequence[Waiting]:
    """Answers the decisions that landed; returns those that did not, to be judged anew.

    `next_claim` is the offset of the next valid claim. Raises `LogUnavailable`, after which it
    may be called again.
    """
    batch = unsettled.batch
    landed = {
        decision.id: offset
        for offset, decision in _counted(
            unsettled.tenure, await log.read(partition, batch.start, next_claim)
        )
    }
    rest = []
    for item in batch.items:
        decision = item.ruling.decision
        if decision is None or decision.id not in landed:
            rest.append(item.waiting)
        else:
            item.waiting.answer.give(answered(str(partition), item.ruling, landed[decision.id]))
    return rest


def _counted(tenure: Tenure, entries: Sequence[Entry]) -> list[tuple[int, Decision]]:
    found = []
    for entry in entries:
        try:
            written = record.decode(entry.value)
        except DamagedRecord:
            continue
        tenure, counts = accept(tenure, entry.offset, written)
        if counts and isinstance(written, Decision):
            found.append((entry.offset, written))
    return found
