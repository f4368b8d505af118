"""The commands of the simulation: registers of who is muted, so that every answer can be judged.

Muting who is muted is refused, and lifting a mute that is not set is nothing to do. A swap
moves two streams in one decision.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from commands.submission import Command, Route
from events.event import Event
from events.graph import MuteLifted, MuteSet, Tie, tie_stream
from events.topics import PEOPLE, Partition
from schemas.refusals import Conflict

PARTITION = Partition("people", 0)
START = datetime(2026, 1, 1, tzinfo=UTC)
OTHERS = tuple(UUID(int=number + 1) for number in range(6))
ANA = UUID(int=1000)


class Mute(Command, frozen=True, kw_only=True, tag="simulation.mute"):
    """Refused when muted already."""

    other: UUID


class Unmute(Command, frozen=True, kw_only=True, tag="simulation.unmute"):
    """Nothing to do when not muted."""

    other: UUID


class Swap(Command, frozen=True, kw_only=True, tag="simulation.swap"):
    """Mutes one and lifts another's mute, both or nothing; refused when the one is muted."""

    muted: UUID
    lifted: UUID


Order = Mute | Unmute | Swap


def decide(states: Sequence[Tie], command: Order, at: datetime) -> list[Event]:
    """The register's rules."""
    first, *rest = states
    if isinstance(command, Unmute):
        return [MuteLifted(muter_id=ANA, muted_id=command.other)] if first.mutes else []
    if first.mutes:
        raise Conflict("ALREADY_MUTED", "They are muted already.")
    if isinstance(command, Mute):
        return [MuteSet(muter_id=ANA, muted_id=command.other)]
    events: list[Event] = [MuteSet(muter_id=ANA, muted_id=command.muted)]
    if any(tie.mutes for tie in rest):
        events.append(MuteLifted(muter_id=ANA, muted_id=command.lifted))
    return events


def streams_of(command: Order) -> tuple[str, ...]:
    """The streams that the command reads and may move."""
    if isinstance(command, Swap):
        return tie_stream(ANA, command.muted), tie_stream(ANA, command.lifted)
    return (tie_stream(ANA, command.other),)


ROUTE = Route(
    topic=PEOPLE,
    commands=(Mute, Unmute, Swap),
    shard=lambda command: str(ANA),
    streams=streams_of,
    decide=decide,
)
ROUTES: Mapping[type, Route] = dict.fromkeys(ROUTE.commands, ROUTE)
