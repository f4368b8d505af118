"""What the bookmarks model makes of each event."""

from uuid import UUID

from events.posts import BookmarkRemoved, BookmarkSet
from projections.models.bookmarks import BOOKMARKS, MODEL
from tests.projections.folding import ANA, BEN, at, rows_of

POST = UUID(int=0x70)


def test_a_bookmark_is_its_readers_alone() -> None:
    rows = rows_of(MODEL, BOOKMARKS, [BookmarkSet(person_id=ANA, post_id=POST)])
    assert rows == [{"person_id": ANA, "post_id": POST, "since": at(0)}]


def test_a_removed_bookmark_leaves_no_row_and_no_other_readers_either() -> None:
    kept, others = (BookmarkSet(person_id=person, post_id=POST) for person in (ANA, BEN))
    removed = BookmarkRemoved(person_id=ANA, post_id=POST)
    rows = rows_of(MODEL, BOOKMARKS, [kept, others, removed])
    assert [row["person_id"] for row in rows] == [BEN]
