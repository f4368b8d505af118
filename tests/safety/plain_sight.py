"""What a viewer may know, by the plain words of the product, over the plain state."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from tests.safety.plain import State, Text

Sight = dict[str, Any]


class Viewer:
    """Somebody who looks at a state."""

    def __init__(self, state: State, who: UUID) -> None:
        self.state = state
        self.who = who

    def blocked(self, other: UUID) -> bool:
        """Whether a block is between, whoever made it."""
        pair = (self.who, other)
        return pair in self.state.blocks or pair[::-1] in self.state.blocks

    def knows(self, other: UUID) -> bool:
        """Whether there is such a person, for the viewer."""
        if other not in self.state.people:
            return False
        if other == self.who:
            return True
        _, partition, offset = self.state.people[other]
        return self.state.known.get(partition, -1) >= offset and not self.blocked(other)

    def follows(self, other: UUID) -> bool:
        """Whether the viewer follows somebody."""
        return self.state.follows.get((other, self.who), ("", 0))[0] == "follows"

    def near(self, other: UUID) -> bool:
        """Whether the viewer may know what is not for strangers."""
        return other == self.who or other not in self.state.private or self.follows(other)

    def timely(self, author: UUID, needs: dict[str, int]) -> bool:
        """Whether all that somebody had decided, when saying something, is known by now."""
        if author == self.who:
            return True
        known = self.state.known
        return all(known.get(where, -1) >= offset for where, offset in needs.items())

    def meant(self, author: UUID, to: tuple[str, frozenset[UUID]]) -> bool:
        """Whether the viewer is among those that somebody speaks to."""
        audience, chosen = to
        if author == self.who:
            return True
        if audience == "public":
            return self.near(author)
        return self.follows(author) and (audience == "followers" or self.who in chosen)

    def sees_post(self, which: UUID) -> bool:
        """Whether there is such a post, for the viewer."""
        post = self.state.posts.get(which)
        if post is None or not self.knows(author := post["author"]):
            return False
        return self.timely(author, post["needs"]) and self.meant(author, post["to"])

    def sees_comment(self, which: UUID | None) -> bool:
        """Whether there is such a comment under a post that the viewer sees."""
        said = self.state.comments.get(which) if which else None
        if said is None or not self.knows(said["author"]):
            return False
        if said["parent"] is not None and not self.sees_comment(said["parent"]):
            return False
        return self.timely(said["author"], said["needs"])

    def may_comment(self, which: UUID) -> bool:
        """Whether somebody who sees the post may comment on it."""
        post = self.state.posts[which]
        if post["author"] == self.who or post["replies"] == "everybody":
            return True
        return bool(post["replies"] == "followers" and self.follows(post["author"]))

    def counted(self, people: Iterable[UUID]) -> int:
        """How many, without those whom a block hides."""
        return sum(not self.blocked(one) for one in people)

    def links(self, said: Text) -> set[UUID]:
        """The people named in a text of whom the viewer may know."""
        known = self.state.people
        return {one for one in said.names if one in known and not self.blocked(one)}


def plain_sight(
    state: State,
    who: UUID,
    people: list[UUID],
    posts: list[UUID],
    comments: list[tuple[UUID, UUID]],
) -> Sight:
    """What the viewer is told, question by question."""
    viewer = Viewer(state, who)
    seen = [one for one in posts if viewer.sees_post(one)]
    return {
        "people": {one: _person(viewer, one) for one in people},
        "followers": {one: _list(viewer, one, "followers") for one in people},
        "following": {one: _list(viewer, one, "following") for one in people},
        "asking": _edges(viewer, who, "asks", of_target=True),
        "asked": _edges(viewer, who, "asks", of_target=False),
        "blocked": {b for a, b in state.blocks if a == who and b in state.people},
        "muted": {b for a, b in state.mutes if a == who and viewer.knows(b)},
        "posts": {one: _post(viewer, one) if one in seen else None for one in posts},
        "edits": {one: _edits(viewer, one) for one in seen},
        "reacted": {one: _reacted(viewer, one) for one in seen},
        "comments": {one: _comments(viewer, one, None, comments) for one in seen},
        "replies": {
            one: _comments(viewer, post, one, comments) if viewer.sees_comment(one) else None
            for post, one in comments
            if post in seen
        },
        **_feeds(viewer, seen, people),
    }


def _person(viewer: Viewer, one: UUID) -> object:
    if not viewer.knows(one):
        return None
    state, who = viewer.state, viewer.who
    about = state.people[one][0] if viewer.near(one) else ""
    following = [(t, f) for (t, f), edge in state.follows.items() if edge[0] == "follows"]
    counts = (
        viewer.counted(f for t, f in following if t == one),
        viewer.counted(t for t, f in following if f == one),
    )
    ways = {"follows": "established", "asks": "requested", "": "none"}
    ties = tuple(ways[state.follows.get(pair, ("", 0))[0]] for pair in ((one, who), (who, one)))
    return about, one in state.private, counts, ties, False, (who, one) in state.mutes


def _list(viewer: Viewer, owner: UUID, kind: str) -> object:
    if owner != viewer.who:
        if not viewer.knows(owner):
            return "NOT_FOUND"
        if not viewer.near(owner):
            return "PRIVATE_ACCOUNT"
    return _edges(viewer, owner, "follows", of_target=kind == "followers")


def _edges(viewer: Viewer, owner: UUID, how: str, *, of_target: bool) -> list[UUID]:
    found = [
        (number, follower if of_target else target)
        for (target, follower), (what, number) in viewer.state.follows.items()
        if what == how and owner == (target if of_target else follower)
    ]
    return [one for _, one in sorted(found, reverse=True) if viewer.knows(one)]


def _post(viewer: Viewer, which: UUID) -> object:
    post = viewer.state.posts[which]
    said, own = post["said"][-1][0], post["author"] == viewer.who
    return {
        "says": said.says,
        "names": viewer.links(said),
        "for": (post["to"][0], post["to"][1] if own else frozenset()),
        "may comment": viewer.may_comment(which),
        "counts": (_comment_count(viewer, which), _marks(viewer, which)),
        "own marks": (
            (which, viewer.who) in viewer.state.marks,
            (viewer.who, which) in viewer.state.kept,
        ),
        "edited": post["edited"],
    }


def _comment_count(viewer: Viewer, which: UUID) -> int:
    """Comments and replies, but those of hidden people and under those of hidden people."""
    found = viewer.state.comments
    count = 0
    for said in found.values():
        above = found.get(said["parent"])
        hidden = viewer.blocked(said["author"]) or (above and viewer.blocked(above["author"]))
        count += said["post"] == which and not hidden
    return count


def _marks(viewer: Viewer, thing: UUID) -> int:
    return viewer.counted(who for of, who in viewer.state.marks if of == thing)


def _edits(viewer: Viewer, which: UUID) -> list[str]:
    post = viewer.state.posts[which]
    earlier = reversed(post["said"][:-1])
    return [said.says for said, to in earlier if viewer.meant(post["author"], to)]


def _reacted(viewer: Viewer, which: UUID) -> list[UUID]:
    found = [
        (number, who)
        for (of, who), (number, needs) in viewer.state.marks.items()
        if of == which and viewer.knows(who) and viewer.timely(who, dict(needs))
    ]
    return [who for _, who in sorted(found, reverse=True)]


def _comments(
    viewer: Viewer, post: UUID, parent: UUID | None, order: list[tuple[UUID, UUID]]
) -> list[object]:
    told: list[object] = []
    for _, which in order:
        said = viewer.state.comments.get(which)
        if said is None or (said["post"], said["parent"]) != (post, parent):
            continue
        if viewer.sees_comment(which):
            replies = [
                one["author"] for one in viewer.state.comments.values() if one["parent"] == which
            ]
            names = frozenset(viewer.links(said["said"]))
            own = (which, viewer.who) in viewer.state.marks
            told.append(
                (
                    which,
                    said["said"].says,
                    names,
                    viewer.counted(replies),
                    _marks(viewer, which),
                    own,
                )
            )
    return told


def _feeds(viewer: Viewer, seen: list[UUID], people: list[UUID]) -> Sight:
    state, who = viewer.state, viewer.who
    newest = sorted(seen, key=lambda one: state.posts[one]["number"], reverse=True)
    author = {one: state.posts[one]["author"] for one in newest}
    heard = [one for one in newest if (who, author[one]) not in state.mutes]
    kept = sorted(((n, post) for (one, post), n in state.kept.items() if one == who), reverse=True)
    return {
        "home": [one for one in heard if author[one] == who or viewer.follows(author[one])],
        "explore": [one for one in heard if state.posts[one]["to"][0] == "public"],
        "bookmarks": [post for _, post in kept if post in newest],
        "posts of": {
            one: refused
            if (refused := _list(viewer, one, "followers")) in ("NOT_FOUND", "PRIVATE_ACCOUNT")
            else [post for post in newest if author[post] == one]
            for one in people
        },
    }
