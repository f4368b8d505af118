"""What the rows of a lane have been committed, as those hear it who act on it afterwards."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from events.topics import Partition
from infra.redis.entries import micros
from infra.redis.port import NO_RECORD, Place
from infra.worker.progress import Checkpoint
from projections.touches import Touch


class Commit(Struct, frozen=True):
    """Rows that were committed, from one place of the lane to another, and what that touches.

    `began_s` is when the transaction began, on the clock of `time.monotonic()`. Without `touches`
    nobody knows any more what the rows between the places would touch.
    """

    lane: str
    before: Place
    after: Place
    touches: Sequence[Touch] | None
    began_s: float


class Commits(Protocol):
    """Hears of commits in the order of each lane. Never waits and never raises."""

    def resumed(self, lane: str, at: Place) -> None:
        """The lane goes on from this place, as it was just read from the database."""
        ...

    def committed(self, commit: Commit) -> None:
        """Rows are committed."""
        ...

    def released(self, lane: str) -> None:
        """The lane may go on elsewhere."""
        ...


def lane_of(model: str, partition: Partition) -> str:
    """The lane's name among the markers."""
    return f"{model}/{partition}"


def place_of(checkpoint: Checkpoint) -> Place:
    """The place that a checkpoint stands for.

    Another build has other rows, and so may the same one after an operator stepped in.
    """
    lineage = f"{checkpoint.build.number}.{checkpoint.revision}"
    last_id = NO_RECORD if checkpoint.last_id is None else str(checkpoint.last_id)
    return Place(lineage, checkpoint.offset, last_id, micros(checkpoint.at))
