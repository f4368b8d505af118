"""What a read model is: tables, and pure functions from events to changes and live news."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct

from events.event import Event
from events.position import NOWHERE, Position
from events.topics import Topic
from projections.operations import Hint, Operation
from projections.tables import Table, Tally
from projections.touches import Touch


class Moment(Struct, frozen=True):
    """What a model knows of the decision that an event belongs to.

    `at` is when it was decided, `partition` (such as `people-3`) and `offset` where it stands.
    `after` is its author's position: whoever has not reached it must not show the content yet.
    """

    at: datetime
    partition: str
    offset: int
    after: Position = NOWHERE


def no_hints(_event: Any) -> Iterable[Hint]:
    """The hints of a model that tells nobody."""
    return ()


class Model(Struct, frozen=True):
    """One read model.

    `events` are the types that it folds; it passes over all others that the catalog knows.
    `changes(event, moment)` gives row operations, `hints(event)` the live news, and
    `touches(event, moment)`, if there is any, what happens to home timelines. A model with
    `visibility` decides what viewers may see: at an event that it cannot fold it stops its
    partition rather than go on without it. All others set the event's shard aside.
    """

    name: str
    version: int
    topics: tuple[Topic, ...]
    events: tuple[type[Event], ...]
    tables: tuple[Table, ...]
    changes: Callable[[Any, Moment], Iterable[Operation]]
    tallies: tuple[Tally, ...] = ()
    hints: Callable[[Any], Iterable[Hint]] = no_hints
    touches: Callable[[Any, Moment], Iterable[Touch]] | None = None
    visibility: bool = False


def tables_of(model: Model) -> tuple[Table, ...]:
    """Every table of the model, those of its tallies included."""
    return (*model.tables, *(tally.table for tally in model.tallies))
