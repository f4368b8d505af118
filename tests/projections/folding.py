"""A model folded in memory: what tests of the models, and of SQL against memory, start from."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from events.event import Event
from events.topics import Partition
from projections.memory import Rows
from projections.model import Model, Moment
from projections.tables import Row, Table

ANA = UUID(int=0xA)
BEN = UUID(int=0xB)
CLO = UUID(int=0xC)
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PARTITION = Partition("people", 0)


def at(second: int) -> datetime:
    """The time of the event in that place."""
    return START + timedelta(seconds=second)


def folded(model: Model, events: Iterable[Event], partition: Partition = PARTITION) -> Rows:
    """The rows after events that happened a second apart."""
    rows = Rows(model, partition)
    for second, event in enumerate(events):
        if isinstance(event, model.events):
            rows.apply(model.changes(event, Moment(at(second), str(partition), second)))
    return rows


def rows_of(model: Model, table: Table, events: Sequence[Event]) -> list[Row]:
    """The rows of one table after the events."""
    return list(folded(model, events).of(table).values())
