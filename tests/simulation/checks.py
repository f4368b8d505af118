"""What must hold after every schedule, judged from the log alone."""

from typing import NamedTuple
from uuid import UUID

from commands.writer.takeover import take_over
from events import codec, record
from events.catalog import FOLDS
from events.codec import Blind
from events.graph import MuteSet, tie_stream
from events.record import Claim, Decision
from events.stream import Head, moved
from events.tenure import UNCLAIMED, Tenure, accept
from tests.simulation.cluster import ANA, PARTITION, PEOPLE_IDS, START, Call, Cluster, Mute


class Broken(AssertionError):
    """An invariant does not hold."""


class Counted(NamedTuple):
    """A decision that counts, its offset, and when it became durable (simulated seconds)."""

    offset: int
    at: float
    decision: Decision


class Truth:
    """The log read by the accept rule, as any reader would."""

    def __init__(self, cluster: Cluster) -> None:
        self.tenure: Tenure = UNCLAIMED
        self.counted: list[Counted] = []
        for entry in cluster.log.entries(PARTITION):
            written = record.decode(entry.value)
            self.tenure, counts = accept(self.tenure, entry.offset, written)
            if counts and isinstance(written, Decision):
                at = cluster.log.landed_at[PARTITION, entry.offset]
                self.counted.append(Counted(entry.offset, at, written))

    def heads(self) -> dict[str, Head]:
        """Every stream folded from the start; raises if a version is missing or twice."""
        heads = {tie_stream(ANA, other): Head(FOLDS["tie"].initial) for other in PEOPLE_IDS}
        for offset, _, decision in self.counted:
            events = tuple(codec.decode(fact, Blind()) for fact in decision.facts)
            heads.update(moved(heads, decision, events, offset, FOLDS))
        return heads


def check_history(cluster: Cluster, truth: Truth) -> None:
    """Acked is in the log, once; nothing answered that no moment of the log supports."""
    by_request: dict[UUID, list[Counted]] = {}
    for counted in truth.counted:
        assert counted.decision.request is not None
        by_request.setdefault(counted.decision.request, []).append(counted)
    for request, times in by_request.items():
        if len(times) > 1:
            raise Broken(f"Request {request} took effect {len(times)} times.")
    asked: dict[UUID, float] = {}
    for call in cluster.calls:
        since = asked.setdefault(call.request, call.began)
        if call.outcome == "ok":
            _check_ack(call, by_request.get(call.request, []))
        elif call.outcome in ("refused", "nothing"):
            _check_supported(call, since, truth)
    _check_times(truth)


def _check_ack(call: Call, times: list[Counted]) -> None:
    if not times:
        raise Broken(f"Request {call.request} was acked, but is not in the log.")
    assert call.handled is not None
    [counted] = times
    if call.handled.position != {str(PARTITION): counted.offset}:
        raise Broken(f"{call.handled.position} was acked for offset {counted.offset}.")
    events = tuple(codec.decode(fact, Blind()) for fact in counted.decision.facts)
    if events != call.handled.events:
        raise Broken(f"Request {call.request} was acked with other events than it recorded.")
    if counted.at > call.ended:
        raise Broken(f"Request {call.request} was acked before it was durable.")


def _check_supported(call: Call, asked_at: float, truth: Truth) -> None:
    """The state that the answer speaks of held at some moment since the request was first sent.

    Since the first time, because a repeat of a request that is still in hand shares its answer.
    """
    wanted = isinstance(call.command, Mute)
    stream = tie_stream(ANA, call.command.other)
    muted, since = False, 0.0
    for counted in truth.counted:
        if counted.decision.stream != stream:
            continue
        if muted is wanted and _overlap(since, counted.at, asked_at, call.ended):
            return
        event = codec.decode(counted.decision.facts[0], Blind())
        muted, since = isinstance(event, MuteSet), counted.at
    if muted is wanted and _overlap(since, float("inf"), asked_at, call.ended):
        return
    raise Broken(f"{call.outcome} for {call.command} between {asked_at} and {call.ended}.")


def _overlap(since: float, until: float, began: float, ended: float) -> bool:
    return since <= ended and until >= began


def _check_times(truth: Truth) -> None:
    times = [counted.decision.at for counted in truth.counted]
    if times != sorted(times):
        raise Broken("A decision is dated before an earlier one of its partition.")


async def check_takeover(cluster: Cluster, truth: Truth) -> None:
    """A new owner that starts from the checkpoint finds what a fold from the start finds."""
    claim = Claim(UUID(int=1, version=4), truth.tenure.epoch, "check", "check", START)
    cluster.log.land(PARTITION, [(b"check", record.encode(claim))])
    taken = await take_over(PARTITION, Truth(cluster).tenure, cluster.log, cluster.checkpoints)
    expected = truth.heads()
    await taken.heads.bring(tuple(expected))
    for stream, head in expected.items():
        if taken.heads[stream] != head:
            raise Broken(f"{stream} is {taken.heads[stream]} from the checkpoint, not {head}.")
