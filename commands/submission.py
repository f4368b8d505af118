"""What is submitted to the owner of a shard, and what comes back.

These Structs cross processes: an instance that does not own the partition forwards the
submission, as msgpack, to the one that does.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from events.event import Event
from events.topics import Topic
from events.value import Value


class Command(Value, frozen=True, tag_field="command", kw_only=True):
    """An intention, in the imperative. Ids arrive in it; subclasses set `tag`."""


class Submission(Value, frozen=True, kw_only=True):
    """A command with who asks, and why.

    `request` is the caller's idempotency key (UUIDv7), remembered with `rpc` and `actor`.
    `seals` names the persons whose keys the resulting events need. `checked_at` is when the
    query side answered the policy questions that the command relies on, None if it asked none.
    `body` is what the caller asked for, where the edge added to it what a repeat may see otherwise
    (an address, a name that was free): it stands for the command in the request's digest.
    """

    command: Any
    rpc: str
    body: bytes = b""
    actor: UUID | None = None
    request: UUID | None = None
    correlation: UUID | None = None
    causation: str = ""
    traceparent: str = ""
    after: Mapping[str, int] = {}
    seals: tuple[UUID, ...] = ()
    checked_at: datetime | None = None


class Handled(Value, frozen=True, kw_only=True):
    """The answer to a command that was not refused.

    `events` is what it recorded, empty if there was nothing to do; a repeated request gets the
    events of its first time. `position` includes them.
    """

    position: Mapping[str, int]
    at: datetime
    events: tuple[Event, ...] = ()
    repeated: bool = False


class Route(Struct, frozen=True):
    """How the commands of one context find their shard, their streams and their decider.

    `streams` names what `decide` needs, in its order; the first is the home stream, which
    remembers the request. `decide(states, command, at)` returns events or raises a Refusal.
    """

    topic: Topic
    commands: tuple[type[Command], ...]
    shard: Callable[[Any], str]
    streams: Callable[[Any], tuple[str, ...]]
    decide: Callable[[Sequence[Any], Any, datetime], list[Event]]


class Routed(Value, frozen=True):
    """A submission with what its route says of it, asked once: building names takes its time."""

    submission: Submission
    route: Route
    shard: str
    streams: tuple[str, ...]


def routed(submission: Submission, routes: Mapping[type, Route]) -> Routed:
    """The submission by the route of its command; raises KeyError for one that has none."""
    command = submission.command
    route = routes[type(command)]
    return Routed(submission, route, route.shard(command), route.streams(command))


class Submitter(Protocol):
    """Anything that takes submissions: the router, a test's in-memory one."""

    async def submit(self, submission: Submission) -> Handled:
        """The durable answer; raises a Refusal, `Unavailable` when a retry may help."""
        ...
