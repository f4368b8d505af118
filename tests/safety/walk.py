"""Deeds by chance: what somebody may do next, given whom and what there is."""

import random
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from tests.safety.plain_sight import Viewer
from tests.safety.world import HANDLES, IDS, World

TIES = (
    "Follow", "Unfollow", "CancelRequest", "AcceptRequest", "DeclineRequest", "RemoveFollower",
    "Block", "Unblock", "Mute", "Unmute",
)  # fmt: skip
T = TypeVar("T")
AUDIENCES = ("public", "public", "followers", "selected", "selected")
REPLIES = ("everybody", "everybody", "followers", "nobody")


class Walk:
    """One walk through what may happen, always the same for the same chance."""

    def __init__(self, chance: random.Random) -> None:
        self.world = World()
        self.chance = chance
        self.texts = 0
        for handle in HANDLES[:3]:
            self.register(handle)

    def go(self, steps: int) -> None:
        """So many steps, with everything compared after each."""
        for _ in range(steps):
            self.step()
            self.world.compare()
        self.world.society.lanes.catch_up()
        self.world.compare()

    def step(self) -> None:
        """One step."""
        moves = [self.tie] * 5 + [self.author] * 4 + [self.under_post] * 7 + [self.mark] * 4
        moves += [self.advance] * 10 + [self.profile] * 2 + [self.world.react_to_blocks]
        self.chance.choice(moves)()

    def register(self, handle: str) -> None:
        """Somebody new."""
        self.world.do("register", IDS[handle], handle, self.chance.random() < 0.3)

    def anybody(self) -> UUID:
        """Somebody who is there."""
        return self.chance.choice(self.world.cast.people)

    def text(self) -> str:
        """Something never said before, perhaps with a name in it."""
        self.texts += 1
        name = f" @{self.chance.choice(HANDLES)}" if self.chance.random() < 0.3 else ""
        return f"text {self.texts}{name}"

    def likely(self, all_of: Sequence[T], fitting: Iterable[T]) -> T:
        """One that fits, if there is any; now and then one that may not."""
        some = list(fitting)
        return self.chance.choice(some if some and self.chance.random() < 0.85 else all_of)

    def tie(self) -> None:
        """Something between two people."""
        one, other = self.chance.sample(self.world.cast.people, 2)
        truth = self.world.plain.truth
        theirs, ours = (
            truth.follows.get(pair, ("", 0))[0] for pair in ((other, one), (one, other))
        )
        fitting = ["Block", "Mute", *(["Unfollow"] if theirs else ["Follow"] * 4)]
        fitting += ["CancelRequest"] * (theirs == "asks") + ["RemoveFollower"] * (ours == "follows")
        fitting += ["AcceptRequest", "AcceptRequest", "DeclineRequest"] * (ours == "asks")
        if (one, other) in truth.blocks:
            fitting = ["Unblock"]
        if (one, other) in truth.mutes:
            fitting.append("Unmute")
        self.world.do("tie", one, self.likely(TIES, fitting), other)

    def profile(self) -> None:
        """Something that one does alone."""
        if len(self.world.cast.people) < len(HANDLES) and self.chance.random() < 0.3:
            self.register(HANDLES[len(self.world.cast.people)])
        elif self.chance.random() < 0.5:
            self.world.do("say", self.anybody(), self.text())
        else:
            self.world.do("set_private", self.anybody(), self.chance.random() < 0.5)

    def addressed(self, author: UUID) -> tuple[str, list[UUID]]:
        """An audience, with the chosen where it takes any."""
        audience = self.chance.choice(AUDIENCES)
        follows = self.world.plain.truth.follows
        people = [follower for target, follower in sorted(follows) if target == author]
        if not people or self.chance.random() < 0.1:
            people = self.world.cast.people
        chosen = {self.chance.choice(people) for _ in range(2)}
        return audience, sorted(chosen) if audience == "selected" else []

    def author(self) -> None:
        """A post comes, changes or goes."""
        posts = self.world.cast.posts
        if not posts or (len(posts) < 5 and self.chance.random() < 0.4):
            author, replies = self.anybody(), self.chance.choice(REPLIES)
            self.world.do("publish", author, self.text(), *self.addressed(author), replies)
            return
        truth = self.world.plain.truth
        post = self.likely(posts, truth.posts)
        author = truth.posts.get(post, {"author": self.anybody()})["author"]
        actor = self.likely(self.world.cast.people, [author])
        if self.chance.random() < 0.12:
            self.world.do("delete", actor, post)
        else:
            self.world.do("edit", actor, post, self.changes(author))

    def changes(self, author: UUID) -> dict[str, Any]:
        """What an edit of somebody's post changes."""
        changes: dict[str, Any] = {}
        if self.chance.random() < 0.6:
            changes["body"] = self.text()
        if self.chance.random() < 0.5 or not changes:
            changes["audience"], chosen = self.addressed(author)
            if chosen or self.chance.random() < 0.1:
                changes["chosen_ids"] = chosen
        if self.chance.random() < 0.2:
            changes["replies"] = self.chance.choice(REPLIES)
        return changes

    def readers(self, post: UUID) -> list[UUID]:
        """Who may see the post."""
        truth = self.world.plain.truth
        return [who for who in self.world.cast.people if Viewer(truth, who).sees_post(post)]

    def under_post(self) -> None:
        """A comment or a reply comes, changes or goes."""
        cast, truth = self.world.cast, self.world.plain.truth
        if not cast.posts:
            return
        if len(truth.comments) < 10 and self.chance.random() < 0.75:
            post = self.likely(cast.posts, truth.posts)
            actor = self.likely(cast.people, self.readers(post))
            self.world.do("comment", actor, post, self.above(post), self.text())
        elif cast.comments:
            there = [(said["post"], one) for one, said in truth.comments.items()]
            post, comment = self.likely(cast.comments, there)
            said = truth.comments.get(comment, {"author": self.anybody()})
            actor = self.likely(cast.people, [said["author"]])
            if self.chance.random() < 0.6:
                self.world.do("edit_comment", actor, post, comment, self.text())
            else:
                self.world.do("delete_comment", actor, post, comment)

    def above(self, post: UUID) -> UUID | None:
        """Perhaps a comment to reply to, mostly one under the post."""
        said = self.world.plain.truth.comments.items()
        under = [one for one, here in said if here["post"] == post]
        if under and self.chance.random() < 0.7:
            return self.chance.choice(under)
        anywhere = [one for _, one in self.world.cast.comments]
        return self.chance.choice(anywhere) if anywhere and self.chance.random() < 0.15 else None

    def mark(self) -> None:
        """A reaction or a bookmark comes or goes."""
        cast, truth = self.world.cast, self.world.plain.truth
        if not cast.posts:
            return
        post = thing = self.likely(cast.posts, truth.posts)
        if cast.comments and self.chance.random() < 0.4:
            there = [(said["post"], one) for one, said in truth.comments.items()]
            post, thing = self.likely(cast.comments, there)
        actor = self.likely(cast.people, self.readers(post))
        reacted, kept = (thing, actor) in truth.marks, (actor, post) in truth.kept
        fitting = ["take_back" if reacted else "react"] * 3 + ["drop" if kept else "keep"]
        deed = self.likely(("react", "take_back", "keep", "drop"), fitting)
        self.world.do(deed, actor, *((post,) if deed in ("keep", "drop") else (post, thing)))

    def advance(self) -> None:
        """A lane that is behind goes on, by a few records or all; sometimes all of them do."""
        lanes = self.world.society.lanes
        behind = lanes.behind()
        if self.chance.random() < 0.4:
            lanes.catch_up()
        elif behind:
            lanes.advance(self.chance.choice(behind), self.chance.choice((1, 2, 9)))
