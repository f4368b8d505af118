"""given(facts).when(command).then(facts): the real decider over the real folds, nothing else."""

from datetime import datetime

import pytest
from msgspec import Struct

from commands.routes import ROUTE_OF
from commands.submission import Command
from events.catalog import FOLDS, stream_of
from events.event import Event
from events.stream import kind_of
from schemas.refusals import Refusal
from tests.commands.cast import NOON

History = tuple[tuple[Event, datetime], ...]


def state_of(stream: str, history: History) -> Struct:
    """The stream's state after all of `history` that is its own."""
    fold = FOLDS[kind_of(stream)]
    state = fold.initial
    for event, at in history:
        if stream_of(event) == stream:
            state = fold.evolve(state, event, at)
    return state


def decided(history: History, command: Command, at: datetime) -> list[Event]:
    """What the command records; raises the Refusal."""
    route = ROUTE_OF[type(command)]
    states = [state_of(stream, history) for stream in route.streams(command)]
    return route.decide(states, command, at)


class Given:
    """Facts that were recorded."""

    def __init__(self, history: History) -> None:
        self.history = history

    def and_at(self, at: datetime, *events: Event) -> "Given":
        """More facts, recorded at another time."""
        return Given((*self.history, *((event, at) for event in events)))

    def when(self, command: Command, at: datetime = NOON) -> "Outcome":
        """The command, taken at a time."""
        return Outcome(self.history, command, at)


class Outcome:
    """What becomes of a command."""

    def __init__(self, history: History, command: Command, at: datetime) -> None:
        self._history = history
        self._command = command
        self._at = at

    def then(self, *expected: Event) -> None:
        """It records these and, taken again, nothing."""
        events = decided(self._history, self._command, self._at)
        assert events == list(expected)
        after = (*self._history, *((event, self._at) for event in events))
        assert decided(after, self._command, self._at) == []

    def then_each_time(self, *expected: Event) -> None:
        """It records these, for it cannot know that they were recorded before."""
        assert decided(self._history, self._command, self._at) == list(expected)

    def refuses(self, kind: type[Refusal], reason: str) -> Refusal:
        """It is refused so."""
        with pytest.raises(kind) as caught:
            decided(self._history, self._command, self._at)
        assert (type(caught.value), caught.value.reason) == (kind, reason)
        return caught.value


def given(*events: Event) -> Given:
    """Facts recorded at noon, in this order."""
    return Given(tuple((event, NOON) for event in events))
