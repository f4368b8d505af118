"""Which posts somebody keeps; for that reader alone."""

from collections.abc import Iterator
from typing import assert_never

from events.posts import BookmarkRemoved, BookmarkSet
from events.topics import PEOPLE
from projections.model import Model, Moment
from projections.operations import Delete, Operation, Upsert
from projections.tables import Row, Table

VERSION = 1

BOOKMARKS = Table(
    "bookmarks",
    key=("person_id", "post_id"),
    columns="person_id uuid not null, post_id uuid not null, since timestamptz not null",
    indexes=("(person_id, since desc, post_id desc)",),
)


def changes(event: BookmarkSet | BookmarkRemoved, moment: Moment) -> Iterator[Operation]:
    """How one event changes the rows."""
    key: Row = {"person_id": event.person_id, "post_id": event.post_id}
    match event:
        case BookmarkSet():
            yield Upsert(BOOKMARKS, key | {"since": moment.at})
        case BookmarkRemoved():
            yield Delete(BOOKMARKS, key)
        case unknown:
            assert_never(unknown)


MODEL = Model(
    name="bookmarks",
    version=VERSION,
    topics=(PEOPLE,),
    events=(BookmarkSet, BookmarkRemoved),
    tables=(BOOKMARKS,),
    changes=changes,
    # Readers wait for it to see what they just kept, so it must not go on past a fault.
    visibility=True,
)
