"""Records of a small log, spelt out."""

from datetime import UTC, datetime
from uuid import UUID

from events.record import Barrier, Claim, Decision, Release

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)


def an_id(number: int) -> UUID:
    """A UUID that reads as its number."""
    return UUID(int=number)


def claim(number: int, previous: int | None, owner: str = "one") -> Claim:
    """A claim with the id `number`, naming `previous`."""
    before = None if previous is None else an_id(previous)
    return Claim(an_id(number), before, owner, f"{owner}:7001", NOON)


def release(epoch: int) -> Release:
    """A release of `epoch`."""
    return Release(an_id(epoch + 1000), an_id(epoch), NOON)


def barrier(epoch: int) -> Barrier:
    """A barrier under `epoch`."""
    return Barrier(an_id(epoch + 2000), an_id(epoch), NOON)


def decision(epoch: int) -> Decision:
    """A decision without events under `epoch`."""
    return Decision(an_id(epoch + 3000), an_id(epoch), "shard", "tie-a-b", "graph.Follow", NOON, ())
