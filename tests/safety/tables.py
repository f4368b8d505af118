"""Rows as their reader gets them: what the statements of queries.reads say, without a database."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

import msgspec

from events.graph import Following
from events.posts import Audience, Mention, Replies
from projections.models import accounts, bookmarks, graph, posts
from projections.tables import Row
from queries.people import Person
from queries.posts import Comment, Edit, Post, Reaction
from tests.safety.lanes import Lanes

FOLLOWING_KEY = graph.FOLLOWING_COUNTS.key


class Tables:
    """All that the read models hold at one moment."""

    def __init__(self, lanes: Lanes) -> None:
        self.reached = lanes.position_of("graph")
        self.accounts = _by(lanes.rows("accounts", accounts.ACCOUNTS), "account_id")
        self.follows = _by(lanes.rows("graph", graph.FOLLOWS), "target_id", "follower_id")
        self.blocks = _by(lanes.rows("graph", graph.BLOCKS), "blocker_id", "blocked_id")
        self.mutes = _by(lanes.rows("graph", graph.MUTES), "muter_id", "muted_id")
        self._private = _by(lanes.rows("graph", graph.PRIVATE_ACCOUNTS), "account_id")
        self._followers = _by(lanes.rows("graph", graph.FOLLOWER_COUNTS), "account_id")
        self._following: Counter[UUID] = Counter()
        for row in _by(lanes.rows("graph", graph.FOLLOWING_COUNTS), *FOLLOWING_KEY).values():
            self._following[row["account_id"]] += row["following"]
        self.posts = _by(lanes.rows("posts", posts.POSTS), "post_id")
        self.comments = _by(lanes.rows("posts", posts.COMMENTS), "comment_id")
        self._edits = _by(lanes.rows("posts", posts.POST_EDITS), "post_id", "edit")
        self.marks = _by(lanes.rows("posts", posts.REACTIONS), "thing_id", "person_id")
        self._marked = _by(lanes.rows("posts", posts.REACTION_COUNTS), "thing_id")
        self._commented = _by(lanes.rows("posts", posts.COMMENT_COUNTS), "post_id")
        self._replied = _by(lanes.rows("posts", posts.REPLY_COUNTS), "parent_id")
        self.kept = _by(lanes.rows("bookmarks", bookmarks.BOOKMARKS), "person_id", "post_id")
        self._people: dict[tuple[UUID, UUID], Person | None] = {}
        self._hiding: defaultdict[UUID, set[UUID]] = defaultdict(set)
        for blocker, blocked in self.blocks:
            self._hiding[blocker].add(blocked)
            self._hiding[blocked].add(blocker)

    def person(self, viewer: UUID, who: UUID) -> Person | None:
        """Somebody as one stands to the viewer."""
        if (viewer, who) not in self._people:
            self._people[viewer, who] = self._person(viewer, who)
        return self._people[viewer, who]

    def _person(self, viewer: UUID, who: UUID) -> Person | None:
        row = self.accounts.get(who)
        if row is None:
            return None
        hidden = self._hiding[viewer]
        follows = [pair for pair, edge in self.follows.items() if edge["state"] == "established"]
        return Person(
            account_id=who,
            handle=row["handle"],
            first_name=row["first_name"],
            last_name=row["last_name"],
            about=row["about"],
            private=who in self._private,
            followers=self._followers.get(who, {}).get("followers", 0)
            - sum(target == who and follower in hidden for target, follower in follows),
            following=self._following[who]
            - sum(follower == who and target in hidden for target, follower in follows),
            own=who == viewer,
            settled=row["written_offset"] <= self.reached.get(row["written_in"], -1),
            viewer_follows=self._follow(viewer, who),
            follows_viewer=self._follow(who, viewer),
            viewer_blocks=(viewer, who) in self.blocks,
            blocks_viewer=(who, viewer) in self.blocks,
            viewer_mutes=(viewer, who) in self.mutes,
        )

    def post(self, viewer: UUID, which: UUID) -> Post | None:
        """A post as it stands to the viewer."""
        row = self.posts.get(which)
        author = self.person(viewer, row["author_id"]) if row else None
        if row is None or author is None:
            return None
        hidden = self._hiding[viewer]
        return Post(
            **self._writing(viewer, which, row, author),
            audience=Audience(row["audience"]),
            chosen=tuple(row["chosen"]),
            viewer_chosen=viewer in row["chosen"],
            allowed=Replies(row["replies"]),
            comments=self._commented.get(which, {}).get("comments", 0)
            - sum(
                one["post_id"] == which and self._is_hidden(one, hidden)
                for one in self.comments.values()
            ),
            bookmarked=(viewer, which) in self.kept,
        )

    def comment(self, viewer: UUID, which: UUID | None) -> Comment | None:
        """A comment as it stands to the viewer."""
        row = self.comments.get(which)
        author = self.person(viewer, row["author_id"]) if row else None
        if which is None or row is None or author is None:
            return None
        hidden = self._hiding[viewer]
        return Comment(
            **self._writing(viewer, which, row, author),
            comment_id=which,
            parent_id=row["parent_id"],
            replies=self._replied.get(which, {}).get("replies", 0)
            - sum(
                one["parent_id"] == which and one["author_id"] in hidden
                for one in self.comments.values()
            ),
        )

    def edits(self, viewer: UUID, which: UUID) -> list[Edit]:
        """Earlier texts of a post, newest first."""
        rows = [row for (post, _), row in self._edits.items() if post == which]
        return [
            Edit(
                id=UUID(int=row["edit"]),
                since=row["until"],
                body=row["body"],
                audience=Audience(row["audience"]),
                viewer_chosen=viewer in row["chosen"],
            )
            for row in sorted(rows, key=lambda row: row["edit"], reverse=True)
        ]

    def reactions(self, thing: UUID) -> list[Reaction]:
        """Who reacted to a thing, newest first."""
        return [
            Reaction(id=person, since=row["since"], after=row["after"], reached=self.reached)
            for (of, person), row in self.marks.items()
            if of == thing
        ]

    def _writing(
        self, viewer: UUID, which: UUID, row: dict[str, Any], author: Person
    ) -> dict[str, Any]:
        hidden = self._hiding[viewer]
        named = msgspec.convert(row["mentions"], tuple[Mention, ...])
        people = {mention.account_id for mention in named}
        return {
            "post_id": row["post_id"],
            "author": author,
            "body": row["body"],
            "mentions": named,
            "hidden_mentions": frozenset(
                one for one in people if one in hidden or one not in self.accounts
            ),
            "published_at": row["published_at"],
            "edited_at": row["edited_at"],
            "reactions": self._marked.get(which, {}).get("reactions", 0)
            - sum(thing == which and person in hidden for thing, person in self.marks),
            "reacted": (which, viewer) in self.marks,
            "after": row["after"],
            "reached": self.reached,
        }

    def _is_hidden(self, comment: dict[str, Any], hidden: set[UUID]) -> bool:
        above = self.comments.get(comment["parent_id"])
        return comment["author_id"] in hidden or bool(above and above["author_id"] in hidden)

    def _follow(self, follower: UUID, target: UUID) -> Following:
        edge = self.follows.get((target, follower))
        return Following(edge["state"]) if edge else Following.NONE


def _by(rows: Iterable[Row], *key: str) -> dict[Any, dict[str, Any]]:
    found = [cast("dict[str, Any]", row) for row in rows]
    if len(key) == 1:
        return {row[key[0]]: row for row in found}
    return {tuple(row[name] for name in key): row for row in found}
