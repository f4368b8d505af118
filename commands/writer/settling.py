"""What a tenure left unanswered; settles a batch with an unknown outcome by reading the log.

Nothing written under an epoch counts after the next valid claim, whoever made it. So once that
claim is known, the records between the batch's place and the claim decide for ever: a decision
that counts there was made, one that does not never will be.
"""

from collections.abc import Sequence

from msgspec import Struct

from commands.writer.batch import Batch, Waiting, answered, fail
from commands.writer.owner import EPOCH_ENDED
from events import record
from events.record import DamagedRecord, Decision
from events.tenure import Tenure, accept
from events.topics import Partition
from infra.log.port import Entry, Log
from schemas.refusals import Unavailable


class Unsettled(Struct, frozen=True):
    """A batch of the tenure `tenure` that may have landed at `batch.start` or later."""

    batch: Batch
    tenure: Tenure


class Leftovers:
    """The submissions of a partition that ended tenures left: one batch, and what was not sent."""

    def __init__(self, partition: Partition, log: Log) -> None:
        self._partition = partition
        self._log = log
        self._unsettled: Unsettled | None = None
        self._unsent: Sequence[Waiting] = ()

    @property
    def unsettled(self) -> bool:
        """Whether the outcome of a batch is unknown."""
        return self._unsettled is not None

    def leave(self, unsettled: Unsettled, unsent: Sequence[Waiting]) -> None:
        """A tenure ended with these."""
        self._unsettled = unsettled
        self._unsent = unsent

    async def settle_if_claimed(self, tenure: Tenure) -> bool:
        """Settles the batch, if the claim of `tenure` came after it; whether it did.

        Raises `LogUnavailable`.
        """
        unsettled = self._unsettled
        if unsettled is None or tenure.claimed_at < unsettled.batch.start:
            return False
        rest = await settle(self._partition, unsettled, tenure.claimed_at, self._log)
        self._unsettled = None
        self._unsent = (*rest, *self._unsent)
        return True

    def take(self) -> Sequence[Waiting]:
        """What has to be judged anew, in the order in which it came; none is left after that."""
        waiting, self._unsent = self._unsent, ()
        return [each for each in waiting if not each.answer.given]

    def give_up(self) -> None:
        """Those who still wait are told to try again; what is unsettled stays unknown."""
        fail(self._unsent, Unavailable("OWNER_CHANGED", EPOCH_ENDED))
        self._unsent = ()
        if self._unsettled is not None:
            unknown = Unavailable("OUTCOME_UNKNOWN", "The outcome is not known; try again.")
            fail([item.waiting for item in self._unsettled.batch.items], unknown)
            self._unsettled = None


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
