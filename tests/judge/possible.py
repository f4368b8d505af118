"""What a viewer could be shown at some moment of a span, and what could be kept from them.

The rules of docs/behaviour.md written anew, over the pasts of rows. Whatever one person's shard
decides about others (private, followed by whom, blocks whom) is taken at one and the same offset;
two shards, and two models, are as far as they please.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.judge.fold import Fold
from tests.judge.moments import Moments, Span
from tests.judge.past import Past, Row

Spans = Callable[[str], Span]
"""For each partition the offsets that are possible."""


class Possible:
    """Answers about one viewer, for the spans of one answer."""

    def __init__(self, fold: Fold, moments: Moments, viewer: str, spans: Spans) -> None:
        self._fold = fold
        self._moments = moments
        self.viewer = viewer
        self._spans = spans

    def states(self, table: str, *key: Any) -> list[Row | None]:
        """Every state in which the row could be."""
        past = self._fold.past(table, *key)
        if past is None:
            return [None]
        return past.within(*self._spans(past.partition))

    def edge(self, target: str, follower: str) -> set[str]:
        """How far one may follow the other: `none`, `requested`, `established`."""
        return {row["state"] if row else "none" for row in self.states("follows", target, follower)}

    def on(self, table: str, one: str, other: str) -> set[bool]:
        """Whether a block, a mute, a reaction or a bookmark may be there."""
        return {row is not None for row in self.states(table, one, other)}

    def shards(self, person: str, after: Mapping[str, int]) -> Iterator["_Shard"]:
        """What the person's shard could say about the viewer, at each possible offset.

        Only offsets that include the position `after`.
        """
        pasts = [
            self._fold.past("private_accounts", person),
            self._fold.past("follows", person, self.viewer),
            self._fold.past("blocks", person, self.viewer),
        ]
        partition = self._moments.person(person)
        low, high = self._spans(partition)
        low = max(low, after.get(partition, -1))
        if low > high:
            return
        changes = {
            offset for past in pasts if past for offset in past.offsets if low < offset <= high
        }
        for offset in (low, *changes):
            yield _Shard(*(past.at(offset) if past else None for past in pasts))

    def unblocked(self, person: str, after: Mapping[str, int]) -> set[bool]:
        """Whether the viewer's own shard could say that they do not block the person."""
        past: Past | None = self._fold.past("blocks", self.viewer, person)
        partition = self._moments.person(self.viewer)
        low, high = self._spans(partition)
        low = max(low, after.get(partition, -1))
        if past is None or low > high:
            return {True}
        return {row is None for row in past.within(low, high)}

    def may_know(self, person: str, after: Mapping[str, int] = {}) -> bool:
        """Whether the viewer could be shown that there is such a person, or what came `after`."""
        if not any(self.states("accounts", person)):
            return False
        if person == self.viewer:
            return True
        unblocked = any(not shard.blocks for shard in self.shards(person, after))
        return unblocked and True in self.unblocked(person, after)

    def may_miss(self, person: str) -> bool:
        """Whether the viewer could be told that there is no such person."""
        if not all(self.states("accounts", person)):
            return True
        if person == self.viewer:
            return False
        if self._may_be_unsettled(person) or False in self.unblocked(person, {}):
            return True
        return any(shard.blocks for shard in self.shards(person, {}))

    def may_read(self, person: str, after: Mapping[str, int] = {}) -> bool:
        """Whether the viewer could be let into what a private person keeps for followers."""
        if person == self.viewer:
            return True
        shards = self.shards(person, after)
        opened = any(shard.opened and not shard.blocks for shard in shards)
        return opened and self.may_know(person, after)

    def may_be_kept_out(self, person: str) -> bool:
        """Whether the viewer could be told that the person is private."""
        return any(not shard.opened for shard in self.shards(person, {}))

    def may_see(self, post: Row) -> bool:
        """Whether the post, as in this row, could be shown."""
        author = post["author_id"]
        if author == self.viewer:
            return True
        shards = self.shards(author, post["after"])
        allowed = any(not shard.blocks and self._in_audience(post, shard) for shard in shards)
        return allowed and True in self.unblocked(author, post["after"])

    def may_be_hidden(self, post: Row) -> bool:
        """Whether the post, as in this row, could be answered as absent."""
        author = post["author_id"]
        if author == self.viewer:
            return False
        if self._may_come_later(post["after"], author) or False in self.unblocked(author, {}):
            return True
        shards = self.shards(author, {})
        return any(shard.blocks or not self._in_audience(post, shard) for shard in shards)

    def may_be_absent(self, post: str) -> bool:
        """Whether the post could be answered as absent, hidden or not."""
        return any(row is None or self.may_be_hidden(row) for row in self.states("posts", post))

    def may_see_comment(self, comment: Row) -> bool:
        """Whether the comment could be shown to one who is shown its post."""
        author = comment["author_id"]
        if author == self.viewer:
            return True
        allowed = any(not shard.blocks for shard in self.shards(author, comment["after"]))
        return allowed and True in self.unblocked(author, comment["after"])

    def may_lack_comment(self, comment: Row) -> bool:
        """Whether the comment could be left out for one who is shown its post."""
        author = comment["author_id"]
        if author == self.viewer:
            return False
        if self._may_come_later(comment["after"], author) or False in self.unblocked(author, {}):
            return True
        return any(shard.blocks for shard in self.shards(author, {}))

    def may_see_edit(self, post: Row, edit: Row) -> bool:
        """Whether what the post said before could be shown to one who is shown the post."""
        author = post["author_id"]
        shards = self.shards(author, {})
        return author == self.viewer or any(self._in_audience(edit, shard) for shard in shards)

    def _in_audience(self, post: Row, shard: "_Shard") -> bool:
        match post["audience"]:
            case "public":
                return shard.opened
            case "followers":
                return shard.followed
            case _:
                return shard.followed and self.viewer in post["chosen"]

    def _may_come_later(self, after: Mapping[str, int], author: str) -> bool:
        """Whether the read models may not have reached what the author had seen, or says."""
        if self._may_be_unsettled(author):
            return True
        return any(self._spans(partition).low < offset for partition, offset in after.items())

    def _may_be_unsettled(self, person: str) -> bool:
        """Whether the person's words may be known before what the person had decided till then."""
        past = self._fold.past("accounts", person)
        low, high = self._spans(self._moments.person(person))
        return past is None or any(low < offset <= high for offset in past.offsets)


class _Shard:
    """What one person's shard says at one offset, about the person and the viewer."""

    def __init__(self, private: Row | None, follow: Row | None, block: Row | None) -> None:
        self.blocks = block is not None
        self.followed = follow is not None and follow["state"] == "established"
        self.opened = private is None or self.followed
