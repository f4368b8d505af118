"""Reactions: an event in one shard, turned into submissions for others. Pure.

The worker host runs them over the log with a checkpoint (`REACTIONS`, by name) and submits what
they ask for. They run again after a crash, so each command they send is safe to repeat.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from commands.reactions import accounts, graph
from commands.reactions.source import Source
from commands.submission import Submission
from events.event import Event
from events.topics import PEOPLE, Topic

__all__ = ["REACTIONS", "Reaction", "Source"]


class Reaction(Struct, frozen=True):
    """One reaction: where its facts stand, which they are, and what to ask for each."""

    name: str
    topic: Topic
    events: tuple[type[Event], ...]
    react: Callable[[Any, Source], list[Submission]]


REACTIONS: tuple[Reaction, ...] = (
    Reaction("mirror-blocks", PEOPLE, graph.EVENTS, graph.react),
    Reaction("release-handles", PEOPLE, accounts.EVENTS, accounts.react),
)
