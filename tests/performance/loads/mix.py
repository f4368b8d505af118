"""Bluesky's mix of events as plain words for peers, and as sets that tables are held against."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final
from uuid import UUID

import msgspec
import psycopg

from cli.generated_history import Happening
from events.accounts import AccountRegistered, ProfileUpdated
from events.event import Event, type_of
from events.graph import BlockSet, FollowEstablished
from events.posts import BookmarkSet, PostPublished, ReactionSet
from tests.performance.figures import WrongAnswers

ROWS: Final = {
    "accounts": "select account_id, about from accounts",
    "follows": "select target_id, follower_id from follows",
    "blocks": "select blocker_id, blocked_id from blocks",
    "posts": "select post_id, author_id, body from posts",
    "reactions": "select thing_id, person_id from reactions",
    "bookmarks": "select person_id, post_id from bookmarks",
}
"""What must be in every projector's tables, by table."""

COUNTS: Final = {
    "reaction_counts": "select thing_id, reactions from reaction_counts",
    "follower_counts": "select account_id, followers from follower_counts",
    "following_counts": """
        select account_id, sum(following)::bigint from following_counts group by account_id""",
}
"""What only ours keeps: counts."""

Row = tuple[object, ...]


class Plain:
    """What a history comes to, in sets and dicts."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._rows: dict[str, set[Row]] = {table: set() for table in ROWS}
        self._abouts: dict[UUID, str] = {}
        self.take(events)

    def following(self, history: Iterator[Happening], count: int) -> list[Happening]:
        """The next so many of a history, which are taken in."""
        happenings = list(islice(history, count))
        self.take(one.event for one in happenings)
        return happenings

    def take(self, events: Iterable[Event]) -> None:
        """More happened."""
        for event in events:
            match event:
                case AccountRegistered(account_id=person) | ProfileUpdated(account_id=person):
                    self._abouts[person] = str(event.about)
                case FollowEstablished(target_id=target, follower_id=follower):
                    self._rows["follows"].add((target, follower))
                case BlockSet(blocker_id=blocker, blocked_id=blocked):
                    self._rows["blocks"].add((blocker, blocked))
                case PostPublished(post_id=post, author_id=author, body=body):
                    self._rows["posts"].add((post, author, body))
                case ReactionSet(thing_id=thing, person_id=person):
                    self._rows["reactions"].add((thing, person))
                case BookmarkSet(person_id=person, post_id=post):
                    self._rows["bookmarks"].add((person, post))
                case _:
                    raise AssertionError(f"{type_of(event)} is not in the mix")

    def rows(self) -> dict[str, set[Row]]:
        """The rows that there must be, by table."""
        return self._rows | {"accounts": set(self._abouts.items())}

    def counts(self) -> dict[str, set[Row]]:
        """The counts that there must be, by table."""
        rows = self._rows
        return {
            "reaction_counts": set(Counter(thing for thing, _ in rows["reactions"]).items()),
            "follower_counts": set(Counter(target for target, _ in rows["follows"]).items()),
            "following_counts": set(Counter(one for _, one in rows["follows"]).items()),
        }

    def check(self, whose: str, dsn: str, schema: str, *, counts: bool = False) -> None:
        """Raises `WrongAnswers` unless the tables of the schema hold that, and nothing else."""
        wanted = self.rows() | (self.counts() if counts else {})
        with psycopg.connect(dsn, options=f"-c search_path={schema}") as connection:
            for table, expected in wanted.items():
                found = connection.execute((ROWS | COUNTS)[table].encode()).fetchall()
                if len(found) != len(expected) or set(found) != expected:
                    raise WrongAnswers(
                        f"{whose}: the rows of {table} are not what happened: "
                        f"{len(found)} rows, {len(set(found) ^ expected)} differ."
                    )


def said(happening: Happening) -> dict[str, object]:
    """An event as people who do without event classes write it: one flat JSON object."""
    plain: dict[str, object] = msgspec.to_builtins(happening.event)
    at = happening.at.isoformat()
    return plain | {"type": type_of(happening.event), "at": at}
