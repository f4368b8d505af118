"""What must hold after every schedule, judged from the log alone."""

from collections.abc import Sequence
from uuid import UUID

from commands.writer.takeover import take_over
from events import record
from events.record import Claim
from schemas.refusals import Conflict
from tests.simulation.cluster import Call, Cluster
from tests.simulation.register import PARTITION, START, decide, streams_of
from tests.simulation.truth import Counted, Moment, Truth


class Broken(AssertionError):
    """An invariant does not hold."""


def check_halts(cluster: Cluster) -> None:
    """No process found a log that it could not fold."""
    for node in cluster.born:
        if node.writer.faults:
            raise Broken(f"{node.name} could not take over. {node.writer.halted}")


def check_history(cluster: Cluster, truth: Truth) -> None:
    """Acked is in the log, once; nothing answered that no moment of the log supports."""
    by_key = truth.by_key()
    for key, times in by_key.items():
        if len(times) > 1:
            raise Broken(f"Request {key} took effect {len(times)} times.")
    moments = truth.moments()
    asked: dict[UUID, float] = {}
    for call in cluster.calls:
        since = asked.setdefault(call.key, call.began)
        if call.outcome == "ok":
            _check_ack(call, by_key.get(call.key, []))
        elif call.outcome in ("refused", "nothing"):
            _check_supported(call, since, moments)
    _check_times(truth)


def _check_ack(call: Call, times: list[Counted]) -> None:
    if not times:
        raise Broken(f"Request {call.key} was acked, but is not in the log.")
    assert call.handled is not None
    [counted] = times
    if call.handled.position != {str(PARTITION): counted.offset}:
        raise Broken(f"{call.handled.position} was acked for offset {counted.offset}.")
    if counted.events != call.handled.events:
        raise Broken(f"Request {call.key} was acked with other events than it recorded.")
    if counted.decision.at != call.handled.at:
        raise Broken(f"Request {call.key} was acked with another time than it recorded.")
    if counted.at > call.ended:
        raise Broken(f"Request {call.key} was acked before it was durable.")


def _check_supported(call: Call, asked_at: float, moments: Sequence[Moment]) -> None:
    """The state that the answer speaks of held at some moment since the request was first sent.

    Since the first time, because a repeat of a request that is still in hand shares its answer.
    """
    streams = streams_of(call.command)
    position = call.handled.position[str(PARTITION)] if call.handled is not None else None
    for moment in moments:
        if moment.since > call.ended or moment.until < asked_at:
            continue
        if _verdict(call, moment) != (call.outcome, call.reason):
            continue
        if position is None or position >= max(moment.touched[name] for name in streams):
            return
    said = f"{call.outcome} {call.reason} at {position}"
    raise Broken(f"{said} for {call.command} between {asked_at:.6f} and {call.ended:.6f}.")


def _verdict(call: Call, moment: Moment) -> tuple[str, str]:
    """What the command would be answered in that state."""
    states = [moment.ties[name] for name in streams_of(call.command)]
    try:
        return ("ok" if decide(states, call.command, START) else "nothing"), ""
    except Conflict as refusal:
        return "refused", refusal.reason


def _check_times(truth: Truth) -> None:
    times = [counted.decision.at for counted in truth.counted]
    if times != sorted(times):
        raise Broken("A decision is dated before an earlier one of its partition.")


async def check_takeover(cluster: Cluster, truth: Truth) -> None:
    """A new owner that starts from the checkpoint finds what a fold from the start finds."""
    claim = Claim(UUID(int=1, version=4), truth.tenure.epoch, "check", "check", START)
    cluster.log.land(PARTITION, [(b"check", record.encode(claim))], "check")
    after = Truth(cluster)
    taken = await take_over(PARTITION, after.tenure, cluster.log, cluster.checkpoints)
    await taken.heads.bring(tuple(after.heads))
    for stream, head in after.heads.items():
        if taken.heads[stream] != head:
            raise Broken(f"{stream} is {taken.heads[stream]} from the checkpoint, not {head}.")
    if truth.counted and taken.at < truth.counted[-1].decision.at:
        raise Broken("A new owner would date decisions before the last one.")
