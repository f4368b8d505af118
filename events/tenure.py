"""The accept rule: which records of a partition count.

Every reader (writer, projection, command line, export) applies this one function in offset
order, and so all agree on who owned the partition at each place without talking to each other
(docs/adr/0001-log-fenced-writer.md).
"""

from typing import assert_never
from uuid import UUID

from msgspec.structs import replace

from events.record import Barrier, Claim, Decision, Record, Release
from events.value import Value


class Tenure(Value, frozen=True):
    """Who owns a partition at one place in its log.

    `epoch` is the id of the last valid claim, kept after a release because the next claim must
    name it; `held` is False before the first claim and after a release. `claimed_at` is the
    offset of that claim, which orders epochs.
    """

    epoch: UUID | None = None
    held: bool = False
    owner: str = ""
    endpoint: str = ""
    claimed_at: int = -1


UNCLAIMED = Tenure()


def accept(tenure: Tenure, offset: int, record: Record) -> tuple[Tenure, bool]:
    """The tenure after `record` at `offset`, and whether the record counts."""
    match record:
        # First of all what there is most of.
        case Decision(epoch=epoch) | Barrier(epoch=epoch):
            return tenure, tenure.held and epoch == tenure.epoch
        case Claim(id=epoch, previous=previous, owner=owner, endpoint=endpoint):
            if previous != tenure.epoch:
                return tenure, False
            return Tenure(epoch, True, owner, endpoint, offset), True
        case Release(epoch=epoch):
            if not (tenure.held and epoch == tenure.epoch):
                return tenure, False
            return replace(tenure, held=False), True
        case unknown:
            assert_never(unknown)
