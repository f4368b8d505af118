"""The log as any reader would read it: what counts, and what was true between whiles."""

from typing import NamedTuple
from uuid import UUID

from events import codec, record
from events.catalog import FOLDS
from events.codec import Blind
from events.event import Event
from events.graph import Tie, tie_stream
from events.record import Barrier, Claim, Decision
from events.stream import Head, moved
from events.tenure import UNCLAIMED, Tenure, accept
from tests.simulation.cluster import Cluster
from tests.simulation.register import ANA, OTHERS, PARTITION

STREAMS = tuple(tie_stream(ANA, other) for other in OTHERS)
NOTHING_YET = Head(FOLDS["tie"].initial)


class Counted(NamedTuple):
    """A decision that counts, its offset, and when it became durable (simulated seconds)."""

    offset: int
    at: float
    decision: Decision
    events: tuple[Event, ...]


class Moment(NamedTuple):
    """A stretch of time in which nothing changed.

    The state of every stream, and where the decision that last touched it stands (-1 for none).
    """

    since: float
    until: float
    ties: dict[str, Tie]
    touched: dict[str, int]


class Truth:
    """What the log says, folded once; raises what folding raises."""

    def __init__(self, cluster: Cluster) -> None:
        self.tenure: Tenure = UNCLAIMED
        self.counted: list[Counted] = []
        self.heads: dict[str, Head] = dict.fromkeys(STREAMS, NOTHING_YET)
        self.takeovers = self.lost_claims = self.barriers = self.uncounted = 0
        for entry in cluster.log.entries(PARTITION):
            written = record.decode(entry.value)
            self.tenure, counts = accept(self.tenure, entry.offset, written)
            self._count(written, counts)
            if counts and isinstance(written, Decision):
                self._take(entry.offset, cluster.log.landed_at[PARTITION, entry.offset], written)

    def _count(self, written: record.Record, counts: bool) -> None:
        self.takeovers += counts and isinstance(written, Claim)
        self.lost_claims += not counts and isinstance(written, Claim)
        self.barriers += isinstance(written, Barrier)
        self.uncounted += not counts and isinstance(written, Decision)

    def _take(self, offset: int, at: float, decision: Decision) -> None:
        events = tuple(codec.decode(fact, Blind()) for fact in decision.facts)
        self.heads.update(moved(self.heads, decision, events, offset, FOLDS))
        self.counted.append(Counted(offset, at, decision, events))

    def by_key(self) -> dict[UUID, list[Counted]]:
        """The decisions of each request, by the key that all its tries share."""
        found: dict[UUID, list[Counted]] = {}
        for counted in self.counted:
            assert counted.decision.correlation is not None
            found.setdefault(counted.decision.correlation, []).append(counted)
        return found

    def moments(self) -> list[Moment]:
        """Every state that the streams were in, in order."""
        heads: dict[str, Head] = dict.fromkeys(STREAMS, NOTHING_YET)
        touched = dict.fromkeys(STREAMS, -1)
        found, since = [], 0.0
        for offset, at, decision, events in self.counted:
            found.append(Moment(since, at, _ties(heads), touched))
            changed = moved(heads, decision, events, offset, FOLDS)
            heads.update(changed)
            touched, since = {**touched, **dict.fromkeys(changed, offset)}, at
        found.append(Moment(since, float("inf"), _ties(heads), touched))
        return found


def _ties(heads: dict[str, Head]) -> dict[str, Tie]:
    ties = {}
    for stream, head in heads.items():
        assert isinstance(head.state, Tie)
        ties[stream] = head.state
    return ties
