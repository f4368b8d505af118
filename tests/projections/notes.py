"""A model of what people say of themselves, which cannot apply everything they say."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from events.accounts import ProfileUpdated
from events.topics import PEOPLE, Partition
from projections.model import Model, Moment
from projections.operations import Operation, Upsert
from projections.tables import Table
from tests.projections.databases import Database

PARTITION: Final = Partition("people", 0)

NOTES: Final = Table(
    "notes", key=("account_id",), columns="account_id uuid not null, about text not null"
)


def changes(event: ProfileUpdated, moment: Moment) -> Iterator[Operation]:
    """Raises at "raise", and makes of "nul" what cannot be stored."""
    if event.about == "raise":
        raise ZeroDivisionError
    # Postgres takes no NUL in a text, whatever the model thinks of it.
    text = "\x00" if event.about == "nul" else event.about
    yield Upsert(NOTES, {"account_id": event.account_id, "about": text})


TOLERANT: Final = Model("notes", 1, (PEOPLE,), (ProfileUpdated,), (NOTES,), changes)
"""Sets aside what it cannot apply."""
STRICT: Final = replace(TOLERANT, visibility=True)
"""Stands still at it."""


def note(base: Database, person: UUID, about: str) -> int:
    """A person says something; the offset."""
    event = ProfileUpdated(account_id=person, about=about)
    return base.log.decide(PARTITION, event, shard=str(person))
