"""What the product is for, in the plainest words: sets, dicts and a list of what happened.

Written apart from the product: it shares nothing with it but the ids of people and posts, and the
names of the reasons for refusals.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

Fact = tuple[Any, ...]


class Entry(NamedTuple):
    """Facts that were decided together: where, and which of the read models cares."""

    partition: str
    offset: int
    facts: Sequence[tuple[str, Fact]]


class Text(NamedTuple):
    """What was said at a time to some, and how far its author's own partition was then."""

    says: str
    names: frozenset[UUID]
    number: int
    needs: Mapping[str, int]


class State:
    """All that holds after some of what happened."""

    def __init__(self) -> None:
        self.people: dict[UUID, tuple[str, str, int]] = {}
        self.follows: dict[tuple[UUID, UUID], tuple[str, int]] = {}
        self.blocks: set[tuple[UUID, UUID]] = set()
        self.mutes: set[tuple[UUID, UUID]] = set()
        self.private: set[UUID] = set()
        self.posts: dict[UUID, dict[str, Any]] = {}
        self.comments: dict[UUID, dict[str, Any]] = {}
        self.marks: dict[tuple[UUID, UUID], tuple[int, Mapping[str, int]]] = {}
        self.kept: dict[tuple[UUID, UUID], int] = {}
        self.known: dict[str, int] = {}

    def learn(self, fact: Fact) -> None:
        """One more fact."""
        kind, *about = fact
        getattr(self, f"_{kind}")(*about)

    def _says(self, who: UUID, about: str, partition: str, offset: int) -> None:
        self.people[who] = about, partition, offset

    def _follow(self, target: UUID, follower: UUID, how: str, number: int) -> None:
        self.follows[target, follower] = how, number

    def _unfollow(self, target: UUID, follower: UUID) -> None:
        self.follows.pop((target, follower), None)

    def _pair(self, kind: str, one: UUID, other: UUID, on: bool) -> None:
        pairs: set[tuple[UUID, UUID]] = getattr(self, kind)
        (pairs.add if on else pairs.discard)((one, other))

    def _privacy(self, who: UUID, private: bool, number: int) -> None:
        (self.private.add if private else self.private.discard)(who)
        for (target, follower), (how, _) in list(self.follows.items()):
            if target == who and how == "asks" and not private:
                self.follows[target, follower] = "follows", number

    def _post(self, which: UUID, author: UUID, said: Text, to: Fact, replies: str) -> None:
        self.posts[which] = {
            "author": author, "said": [(said, to)], "to": to, "replies": replies,
            "needs": dict(said.needs), "edited": False, "number": said.number,
        }  # fmt: skip

    def _edit(
        self, which: UUID, said: Text | None, to: Fact | None, replies: str | None, needs: Any
    ) -> None:
        post = self.posts.get(which)
        if post is None:
            return
        if said is not None:
            # Each text is left with those that it was for at its end.
            post["said"][-1] = (post["said"][-1][0], post["to"])
            post["said"].append((said, None))
            post["edited"] = True
        post["to"] = to or post["to"]
        post["replies"] = replies or post["replies"]
        _add(post["needs"], needs)

    def _unpost(self, which: UUID) -> None:
        self.posts.pop(which, None)
        for comment in [one for one, said in self.comments.items() if said["post"] == which]:
            self._uncomment(comment)
        for thing, who in list(self.marks):
            if thing == which:
                del self.marks[thing, who]

    def _comment(
        self, which: UUID, post: UUID, parent: UUID | None, author: UUID, said: Text
    ) -> None:
        self.comments[which] = {
            "post": post, "parent": parent, "author": author, "said": said,
            "needs": dict(said.needs),
        }  # fmt: skip

    def _recomment(self, which: UUID, said: Text) -> None:
        if which in self.comments:
            self.comments[which]["said"] = said
            _add(self.comments[which]["needs"], said.needs)

    def _uncomment(self, which: UUID) -> None:
        gone = [one for one, said in self.comments.items() if which in (one, said["parent"])]
        for one in gone:
            del self.comments[one]

    def _mark(self, thing: UUID, who: UUID, number: int, needs: Mapping[str, int]) -> None:
        self.marks[thing, who] = number, needs

    def _unmark(self, thing: UUID, who: UUID) -> None:
        self.marks.pop((thing, who), None)

    def _keep(self, who: UUID, post: UUID, number: int) -> None:
        self.kept[who, post] = number

    def _drop(self, who: UUID, post: UUID) -> None:
        self.kept.pop((who, post), None)


def _add(needs: dict[str, int], more: Mapping[str, int]) -> None:
    for partition, offset in more.items():
        needs[partition] = max(offset, needs.get(partition, -1))


class Record:
    """Everything that happened, in its places."""

    def __init__(self, home: Callable[[str, UUID], str]) -> None:
        self.home = home
        self.entries: list[Entry] = []
        self.ends: dict[str, int] = {}

    def add(self, topic: str, shard: UUID, *facts: tuple[str, Fact]) -> None:
        """One more entry, at the end of its partition."""
        partition = self.home(topic, shard)
        offset = self.ends.get(partition, 0)
        self.entries.append(Entry(partition, offset, facts))
        self.ends[partition] = offset + 1

    def end(self, who: UUID) -> dict[str, int]:
        """How far the person's own partition goes."""
        partition = self.home("people", who)
        return {partition: self.ends[partition] - 1} if partition in self.ends else {}

    def state(self, reached: Mapping[tuple[str, str], int] | None = None) -> State:
        """What holds where each read model is so far in each partition; None for all of it."""
        state = State()
        for entry in self.entries:
            for model, fact in entry.facts:
                if reached is None or entry.offset <= reached[model, entry.partition]:
                    state.learn(fact)
        for (model, partition), offset in (reached or {}).items():
            if model == "graph":
                state.known[partition] = offset
        if reached is None:
            state.known = {partition: end - 1 for partition, end in self.ends.items()}
        return state
