"""People who use Agora at random, as their seed has it: what each of them does next."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from tests.faults.whole.edge import Edge, GaveUp, Person, fresh_id
from tests.faults.whole.routes import ROUTES
from tests.judge.history import Try

PASSWORD: Final = "brass-owl-fog-9"
REMEMBERED: Final = 60
PAUSE_S: Final = 0.12
READS_UNPOSITIONED: Final = 0.25
"""The share of reads that ask for what is there, rather than for what their reader knows of."""

WEIGHTS: Final[Mapping[str, float]] = {
    "Follow": 6, "Unfollow": 2, "CancelRequest": 1, "AcceptRequest": 2, "DeclineRequest": 1,
    "RemoveFollower": 1, "Block": 1, "Unblock": 3, "Mute": 1, "Unmute": 1, "SetVisibility": 1,
    "UpdateProfile": 1, "PublishPost": 6, "EditPost": 2, "DeletePost": 1, "PublishComment": 5,
    "EditComment": 1, "DeleteComment": 1, "React": 3, "TakeBackReaction": 1, "Bookmark": 2,
    "RemoveBookmark": 1, "SignOut": 0.3, "OwnAccount": 1, "ReadProfile": 4, "ReadRelation": 2,
    "ListFollowers": 3, "ListFollowing": 2, "ListIncomingRequests": 1, "ListOutgoingRequests": 1,
    "ListBlocked": 1, "ReadHome": 7, "ReadExplore": 3, "ListPostsOf": 3, "ListBookmarks": 1,
    "ReadPost": 6, "ListComments": 4, "ListReactions": 1, "ListEdits": 1,
}  # fmt: skip
"""How often each thing is done, beside the others."""
PERSONAL: Final = frozenset({"SignOut", "OwnAccount", "ListIncomingRequests",
    "ListOutgoingRequests", "ListBlocked", "ReadHome", "ReadExplore", "ListBookmarks"})  # fmt: skip
"""What is about nobody and nothing else."""


class Written(Struct, frozen=True):
    """A post, or with `comment` a comment on one, and who wrote it."""

    post: str
    author: str
    comment: str = ""
    top: bool = True


class Society:
    """All who take part, and what they have seen of each other's writing."""

    def __init__(self, edge: Edge, seed: int, size: int) -> None:
        self.edge = edge
        self.people = [Person(f"p{number}_{seed}"[:30], PASSWORD) for number in range(size)]
        self._dice = [random.Random(f"{seed}/{number}") for number in range(size)]
        self._posts: deque[Written] = deque(maxlen=REMEMBERED)
        self._blocked: dict[str, list[str]] = {}
        self._comments: deque[Written] = deque(maxlen=REMEMBERED)

    async def register(self) -> None:
        """Everybody gets an account; returns once all have one."""
        await asyncio.gather(*(self.edge.enter(person, "Register") for person in self.people))

    async def live(self, number: int) -> None:
        """One person's doings until the edge is closing."""
        person, dice = self.people[number], self._dice[number]
        deeds, weights = list(WEIGHTS), list(WEIGHTS.values())
        while not self.edge.closing:
            [deed] = dice.choices(deeds, weights)
            about = self._about(deed, person, dice)
            if about is not None:
                try:
                    await self._do(deed, person, about, dice)
                except GaveUp:
                    return
            await asyncio.sleep(dice.expovariate(1 / PAUSE_S))

    async def _do(
        self, deed: str, person: Person, about: Mapping[str, Any], dice: random.Random
    ) -> None:
        if not ROUTES[deed].writes:
            stale = dice.random() < READS_UNPOSITIONED
            position = "" if stale else person.position
            await self.edge.ask(person, deed, about, position=position)
            return
        one = await self.edge.command(person, deed, about)
        if deed == "SignOut":
            await self.edge.enter(person, "SignIn")
        elif one.ok:
            self._notice(deed, person, one)

    def _notice(self, deed: str, person: Person, one: Try) -> None:
        answer = one.answer
        if deed == "Block":
            self._blocked.setdefault(person.id, []).append(one.about["person"])
        elif deed == "PublishPost":
            self._posts.append(Written(answer["postId"], person.id))
        elif deed == "PublishComment":
            top = not one.about.get("parent")
            self._comments.append(Written(answer["postId"], person.id, answer["commentId"], top))

    def _about(self, deed: str, person: Person, dice: random.Random) -> dict[str, Any] | None:
        """What the deed is about; None if there is nothing that it could be about yet."""
        if deed in PERSONAL:
            return {}
        if deed == "SetVisibility":
            return {"private": dice.random() < 0.5}
        if deed == "UpdateProfile":
            return {"text": _text(deed)}
        if deed == "PublishPost":
            return self._new_post(person, dice)
        if "{comment}" in ROUTES[deed].path:
            return self._old_comment(deed, person, dice)
        if "{post}" in ROUTES[deed].path:
            return self._old_post(deed, person, dice)
        if deed == "Unblock":
            # Left to chance, everybody would soon have blocked everybody.
            blocked = self._blocked.get(person.id)
            return {"person": blocked.pop()} if blocked else None
        return {"person": self._other(person, dice).id}

    def _other(self, person: Person, dice: random.Random) -> Person:
        return dice.choice([each for each in self.people if each is not person])

    def _new_post(self, person: Person, dice: random.Random) -> dict[str, Any]:
        [audience] = dice.choices(("public", "followers", "selected"), (6, 3, 1))
        chosen = [self._other(person, dice).id] if audience == "selected" else []
        replies = "everybody" if dice.random() < 0.8 else "followers"
        text = _text("PublishPost")
        return {"text": text, "audience": audience, "chosen": chosen, "replies": replies}

    def _old_post(self, deed: str, person: Person, dice: random.Random) -> dict[str, Any] | None:
        own = deed in ("EditPost", "DeletePost")
        post = _chosen(self._posts, dice, lambda one: not own or one.author == person.id)
        if post is None:
            return None
        if deed == "EditPost":
            change = {"text": _text(deed)}
            if dice.random() < 0.4:
                change = {"audience": dice.choice(("public", "followers"))}
            return {"post": post.post, **change}
        if deed == "PublishComment":
            parent = _chosen(self._comments, dice, lambda one: one.top and one.post == post.post)
            reply = parent is not None and dice.random() < 0.4
            about = {"post": post.post, "text": _text(deed)}
            return {**about, "parent": parent.comment} if reply and parent else about
        return {"post": post.post}

    def _old_comment(self, deed: str, person: Person, dice: random.Random) -> dict[str, Any] | None:
        comment = _chosen(self._comments, dice, lambda one: one.author == person.id)
        if comment is None:
            return None
        about = {"post": comment.post, "comment": comment.comment}
        return {**about, "text": _text(deed)} if deed == "EditComment" else about


def _chosen(
    known: deque[Written], dice: random.Random, fits: Callable[[Written], bool]
) -> Written | None:
    fitting = [one for one in known if fits(one)]
    return dice.choice(fitting) if fitting else None


def _text(deed: str) -> str:
    """Words that nobody else ever says, so that whoever shows them can be asked where from."""
    return f"{deed} {fresh_id()}"
