"""One answered read, as the rules of pages look at it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from tests.judge.fold import Fold
from tests.judge.past import Row
from tests.judge.possible import Possible
from tests.judge.seals import ACCOUNT, Public

Wrong = tuple[str, str]
"""What is wrong with an answer: the law, and a sentence."""


class Page(Struct, frozen=True, kw_only=True):
    """Who asked, for what (ids opened), and what came.

    `newest` are the posts that could be there, newest first, each with when it was published;
    `comments` are those that ever were under each post.
    """

    viewer: str
    about: Mapping[str, Any]
    answer: Mapping[str, Any]
    possible: Possible
    fold: Fold
    public: Public
    newest: Sequence[tuple[datetime, str]]
    comments: Mapping[str, Sequence[str]]

    def account(self, shown: Mapping[str, Any]) -> str:
        """The account of a profile."""
        return self.public.id(ACCOUNT, shown["accountId"])


def twice(found: Iterable[str]) -> Iterator[Wrong]:
    """What stands in a list more than once."""
    listed = list(found)
    if len(set(listed)) != len(listed):
        yield "current", f"the same twice: {listed}"


def some(rows: Iterable[Row | None], wanted: Mapping[str, Any]) -> bool:
    """Whether one of the rows holds all that is wanted."""
    return any(row is not None and wanted.items() <= row.items() for row in rows)
