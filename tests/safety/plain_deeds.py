"""What comes of each deed, by the plain words of the product."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from tests.safety.plain import Fact, Record, State, Text
from tests.safety.plain_sight import Viewer


class Refused(Exception):
    """A deed that is not done, with the reason."""


class Plain:
    """Decides deeds by all that happened, and by what readers knew where permission is asked."""

    def __init__(self, home: Callable[[str, UUID], str], handles: Mapping[str, UUID]) -> None:
        self.record = Record(home)
        self.truth = State()
        self.number = 0
        self._handles = handles
        self._mirrored: set[tuple[UUID, UUID]] = set()
        self._unmirrored: list[tuple[str, UUID, UUID, bool]] = []
        self._readers = State()
        self._gone: dict[UUID, tuple[UUID]] = {}
        self._ever_said: dict[UUID, dict[str, Any]] = {}
        self._marked: set[tuple[UUID, UUID]] = set()

    def do(self, deed: str, actor: UUID, *about: Any, readers: State) -> str:
        """Decides a deed while readers know so much; the reason of a refusal, or nothing."""
        self.number += 1
        self._readers = readers
        try:
            getattr(self, f"_{deed}")(actor, *about)
        except Refused as refusal:
            return str(refusal)
        return ""

    def react_to_blocks(self, order: list[str]) -> None:
        """Ends what people follow whom they block, partition by partition in that order."""
        self.number += 1
        for partition in order:
            for where, blocker, blocked, on in list(self._unmirrored):
                if where == partition:
                    self._unmirrored.remove((where, blocker, blocked, on))
                    self._mirror(blocker, blocked, on=on)

    def _mirror(self, blocker: UUID, blocked: UUID, *, on: bool) -> None:
        (self._mirrored.add if on else self._mirrored.discard)((blocker, blocked))
        ended: list[Fact] = []
        if on and (blocked, blocker) in self.truth.follows:
            ended = [("unfollow", blocked, blocker)]
        self._add("people", blocked, *(("graph", fact) for fact in ended))

    def _add(self, topic: str, shard: UUID, *facts: tuple[str, Fact]) -> None:
        self.record.add(topic, shard, *facts)
        for _, fact in facts:
            self.truth.learn(fact)

    def _graph(self, shard: UUID, *facts: Fact) -> None:
        self._add("people", shard, *(("graph", fact) for fact in facts))

    def _where(self, who: UUID) -> tuple[str, int]:
        """Where the next thing that happens in somebody's shard stands."""
        partition = self.record.home("people", who)
        return partition, self.record.ends.get(partition, 0)

    def _text(self, author: UUID, says: str) -> Text:
        viewer = Viewer(self._readers, author)
        words = [word[1:] for word in says.split() if word.startswith("@")]
        named = [self._handles[word] for word in words if word in self._handles]
        names = frozenset(one for one in named if viewer.knows(one))
        return Text(says, names, self.number, self.record.end(author))

    # People.

    def _register(self, who: UUID, handle: str, private: bool) -> None:
        facts: list[tuple[str, Fact]] = [("accounts", ("says", who, "", *self._where(who)))]
        if private:
            facts.append(("graph", ("privacy", who, True, self.number)))
        self._add("people", who, *facts)

    def _say(self, who: UUID, about: str) -> None:
        self._add("people", who, ("accounts", ("says", who, about, *self._where(who))))

    def _set_private(self, who: UUID, private: bool) -> None:
        if (who in self.truth.private) != private:
            self._graph(who, ("privacy", who, private, self.number))

    def _tie(self, actor: UUID, what: str, other: UUID) -> None:
        if actor == other:
            raise Refused("NOT_ONESELF")
        getattr(self, f"_tie_{what}")(actor, other)

    def _how(self, target: UUID, follower: UUID) -> str:
        return self.truth.follows.get((target, follower), ("", 0))[0]

    def _tie_Follow(self, actor: UUID, other: UUID) -> None:
        hidden = (other, actor) in self.truth.blocks or (actor, other) in self._mirrored
        if other not in self.truth.people or hidden:
            raise Refused("NOT_FOUND")
        if not self._how(other, actor):
            how = "asks" if other in self.truth.private else "follows"
            self._graph(other, ("follow", other, actor, how, self.number))

    def _tie_Unfollow(self, actor: UUID, other: UUID) -> None:
        if self._how(other, actor):
            self._graph(other, ("unfollow", other, actor))

    def _tie_CancelRequest(self, actor: UUID, other: UUID) -> None:
        self._no_longer_asks(other, actor)

    def _tie_DeclineRequest(self, actor: UUID, other: UUID) -> None:
        self._no_longer_asks(actor, other)

    def _no_longer_asks(self, target: UUID, follower: UUID) -> None:
        match self._how(target, follower):
            case "follows":
                raise Refused("REQUEST_NOT_PENDING")
            case "asks":
                self._graph(target, ("unfollow", target, follower))

    def _tie_AcceptRequest(self, actor: UUID, other: UUID) -> None:
        match self._how(actor, other):
            case "":
                raise Refused("REQUEST_NOT_PENDING")
            case "asks":
                self._graph(actor, ("follow", actor, other, "follows", self.number))

    def _tie_RemoveFollower(self, actor: UUID, other: UUID) -> None:
        if self._how(actor, other) == "follows":
            self._graph(actor, ("unfollow", actor, other))

    def _tie_Block(self, actor: UUID, other: UUID) -> None:
        if (actor, other) not in self.truth.blocks:
            self._unmirrored.append((self._where(actor)[0], actor, other, True))
            ends: list[Fact] = [("unfollow", actor, other)] if self._how(actor, other) else []
            self._graph(actor, ("pair", "blocks", actor, other, True), *ends)

    def _tie_Unblock(self, actor: UUID, other: UUID) -> None:
        if (actor, other) in self.truth.blocks:
            self._unmirrored.append((self._where(actor)[0], actor, other, False))
            self._graph(actor, ("pair", "blocks", actor, other, False))

    def _tie_Mute(self, actor: UUID, other: UUID) -> None:
        if (actor, other) not in self.truth.mutes:
            self._graph(actor, ("pair", "mutes", actor, other, True))

    def _tie_Unmute(self, actor: UUID, other: UUID) -> None:
        if (actor, other) in self.truth.mutes:
            self._graph(actor, ("pair", "mutes", actor, other, False))

    # Posts.

    def _publish(
        self, author: UUID, says: str, audience: str, chosen: Any, replies: str, made: UUID
    ) -> None:
        to = audience, self._chosen(author, audience, chosen)
        said = self._text(author, says)
        self._posts(made, ("post", made, author, said, to, replies))

    def _chosen(self, author: UUID, audience: str, chosen: Any) -> frozenset[UUID]:
        if (audience == "selected") != bool(chosen):
            raise Refused("INVALID_FIELDS")
        readers = self._readers
        for one in chosen:
            follows = readers.follows.get((author, one), ("", 0))[0] == "follows"
            if not follows or not Viewer(readers, author).knows(one):
                raise Refused("CHOSEN_NOT_FOLLOWERS")
        return frozenset(chosen)

    def _posts(self, post: UUID, *facts: Fact) -> None:
        self._add("posts", post, *(("posts", fact) for fact in facts))

    def _own_post(self, actor: UUID, post: UUID) -> dict[str, Any]:
        found = self.truth.posts.get(post)
        if found is None or found["author"] != actor:
            raise Refused("NOT_FOUND")
        return found

    def _edit(self, actor: UUID, post: UUID, changes: Mapping[str, Any]) -> None:
        found = self._own_post(actor, post)
        audience = changes.get("audience", found["to"][0])
        to = None
        if audience != found["to"][0] or "chosen_ids" in changes:
            to = audience, self._chosen(actor, audience, changes.get("chosen_ids", ()))
        if to is not None and to[0] == found["to"][0] != "selected":
            to = None
        replies = changes.get("replies")
        if replies == found["replies"]:
            replies = None
        said = self._text(actor, changes["body"]) if "body" in changes else None
        if said or to or replies:
            needs = self.record.end(actor)
            self._posts(post, ("edit", post, said, to, replies, needs))

    def _delete(self, actor: UUID, post: UUID) -> None:
        if self._gone.get(post) != (actor,):
            self._own_post(actor, post)
            self._gone[post] = (actor,)
            self._posts(post, ("unpost", post))

    # Comments.

    def _comment(self, actor: UUID, post: UUID, parent: UUID | None, says: str, made: UUID) -> None:
        found = self._there(post)
        above = self._said(post, parent) if parent else None
        viewer = Viewer(self._readers, actor)
        own = found["author"] == actor
        if not viewer.sees_post(post) and (parent or not own):
            raise Refused("NOT_FOUND")
        if parent and not viewer.sees_comment(parent):
            raise Refused("NOT_FOUND")
        if above and above["parent"]:
            raise Refused("REPLY_TOO_DEEP")
        # Who limits replies is asked as the post is now; who follows, as readers know it.
        follower = found["replies"] == "followers" and viewer.follows(found["author"])
        if not (own or found["replies"] == "everybody" or follower):
            raise Refused("COMMENTS_CLOSED")
        said = self._text(actor, says)
        self._ever_said[made] = {"post": post, "parent": parent, "author": actor}
        self._posts(post, ("comment", made, post, parent, actor, said))

    def _there(self, post: UUID) -> dict[str, Any]:
        if post not in self.truth.posts:
            raise Refused("NOT_FOUND")
        return self.truth.posts[post]

    def _said(self, post: UUID, comment: UUID) -> dict[str, Any]:
        """A comment that was not deleted itself, though perhaps with what it replied to."""
        found = self._ever_said.get(comment)
        if found is None or found["post"] != post or comment in self._gone:
            raise Refused("NOT_FOUND")
        return found

    def _edit_comment(self, actor: UUID, post: UUID, comment: UUID, says: str) -> None:
        found, said = self._there(post), self._said(post, comment)
        viewer = Viewer(self._readers, actor)
        sees = viewer.sees_post(post)
        if said["parent"]:
            sees = sees and viewer.sees_comment(comment)
        elif found["author"] == actor:
            sees = True
        if said["author"] != actor or not sees:
            raise Refused("NOT_FOUND")
        self._posts(post, ("recomment", comment, self._text(actor, says)))

    def _delete_comment(self, actor: UUID, post: UUID, comment: UUID) -> None:
        found = self._there(post)
        said = self._ever_said.get(comment)
        if said is None or said["post"] != post or actor not in (said["author"], found["author"]):
            raise Refused("NOT_FOUND")
        if comment not in self._gone:
            self._gone[comment] = (actor,)
            self._posts(post, ("uncomment", comment))

    # Marks.

    def _react(self, actor: UUID, post: UUID, thing: UUID) -> None:
        found = self._there(post)
        if thing != post:
            self._said(post, thing)
        viewer = Viewer(self._readers, actor)
        own = thing == post and found["author"] == actor
        sees = viewer.sees_post(post) and (thing == post or viewer.sees_comment(thing))
        if not (sees or own):
            raise Refused("NOT_FOUND")
        if (thing, actor) not in self._marked:
            self._marked.add((thing, actor))
            needs = self.record.end(actor)
            self._posts(post, ("mark", thing, actor, self.number, needs))

    def _take_back(self, actor: UUID, post: UUID, thing: UUID) -> None:
        there = post in self.truth.posts
        if thing != post:
            said = self._ever_said.get(thing)
            there = there and bool(said) and thing not in self._gone
            there = there and said is not None and said["post"] == post
        if there and (thing, actor) in self._marked:
            self._marked.discard((thing, actor))
            self._posts(post, ("unmark", thing, actor))

    def _keep(self, actor: UUID, post: UUID) -> None:
        if not Viewer(self._readers, actor).sees_post(post):
            raise Refused("NOT_FOUND")
        if (actor, post) not in self.truth.kept:
            self._add("people", actor, ("bookmarks", ("keep", actor, post, self.number)))

    def _drop(self, actor: UUID, post: UUID) -> None:
        if (actor, post) in self.truth.kept:
            self._add("people", actor, ("bookmarks", ("drop", actor, post)))
