"""State checkpoints: stream heads and how far into the log they are folded, fenced by claim.

(docs/adr/0004-state-checkpoints.md)
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from events.tenure import UNCLAIMED, Tenure
from events.topics import Partition
from schemas.refusals import Unavailable


class Saved(Struct, frozen=True):
    """A partition's checkpoint: states are folded up to and without `offset`.

    `last_id` is the id of the record before `offset` (None at 0), re-read at start to see that
    this is still the same log. `tenure` is the one in force there, `at` the partition's latest
    time: no later decision may be dated before it.
    """

    offset: int = 0
    last_id: UUID | None = None
    tenure: Tenure = UNCLAIMED
    at: datetime | None = None


class Fenced(RuntimeError):
    """This owner must stop, and begin anew from what is stored, if it is to be the owner again.

    A newer one has taken the checkpoint, or the store has gone back behind what it had confirmed.
    """


class Lapsed(Unavailable):
    """The store has gone back behind what it had confirmed, as after a fail-over that lost it."""

    def __init__(self, partition: Partition) -> None:
        super().__init__(
            "STORE_UNAVAILABLE", f"The state checkpoint of {partition} was lost; try again."
        )


class Checkpoints(Protocol):
    """Stream heads and how far they are folded, fenced by the offset of the owner's claim."""

    async def peek(self, partition: Partition) -> Saved:
        """The partition's checkpoint as it is, for readers; nothing is fenced."""
        ...

    async def take(self, partition: Partition, claimed_at: int) -> Saved:
        """The partition's checkpoint, from now on closed to older claims; raises `Fenced`."""
        ...

    async def load(
        self, partition: Partition, streams: Sequence[str], since: int = 0
    ) -> Mapping[str, bytes]:
        """The stored heads of those streams, msgpack as saved; absent streams are left out.

        Raises `Lapsed` if the checkpoint is not at `since` or beyond, which was confirmed before:
        the heads would be older than those that left memory.
        """
        ...

    async def save(
        self,
        partition: Partition,
        claimed_at: int,
        saved: Saved,
        heads: Mapping[str, bytes],
        since: int = 0,
    ) -> None:
        """Upserts heads and checkpoint in one transaction: all that changed from `since` on.

        Raises `Fenced`, and changes nothing, when a newer claim took it, it is further on, or not
        even at `since`, which was confirmed before: heads would be missing in it.
        """
        ...
