"""What people do in a schedule: any event that could be, from the dice of its seed."""

import random
from collections.abc import Sequence
from uuid import UUID

from events.accounts import VisibilityChanged
from events.event import Event
from events.graph import (
    BlockLifted,
    BlockSet,
    FollowEnded,
    FollowEstablished,
    FollowRequested,
    MuteLifted,
    MuteSet,
)
from events.posts import Audience, PostDeleted, PostEdited, PostPublished


class People:
    """Some people, who act one at a time."""

    def __init__(self, dice: random.Random, persons: Sequence[UUID]) -> None:
        self._dice = dice
        self._persons = persons
        self._posts: list[tuple[UUID, UUID]] = []

    def do(self) -> Event:
        """The next thing that anybody does."""
        kinds = (self._publish, self._change, self._follow, self._hide, self._open)
        [kind] = self._dice.choices(kinds, (60, 10, 12, 12, 6))
        return kind()

    def follow_each_other(self) -> list[Event]:
        """How it begins: everybody follows two others."""
        return [
            FollowEstablished(target_id=target, follower_id=follower)
            for follower in self._persons
            for target in self._dice.sample(self._others(follower), k=2)
        ]

    def _others(self, person: UUID) -> list[UUID]:
        return [other for other in self._persons if other != person]

    def _publish(self) -> Event:
        author = self._dice.choice(self._persons)
        post = UUID(int=self._dice.getrandbits(128))
        self._posts.append((post, author))
        audience, chosen = self._audience()
        return PostPublished(
            post_id=post, author_id=author, body="", audience=audience, chosen=chosen
        )

    def _change(self) -> Event:
        if not self._posts:
            return self._publish()
        post, author = self._dice.choice(self._posts[-10:])
        if self._dice.random() < 0.5:
            return PostDeleted(post_id=post, author_id=author, deleted_by=author)
        audience, chosen = self._audience()
        return PostEdited(post_id=post, author_id=author, audience=audience, chosen=chosen)

    def _audience(self) -> tuple[Audience, tuple[UUID, ...]]:
        audience = self._dice.choice((Audience.PUBLIC, Audience.FOLLOWERS, Audience.SELECTED))
        chosen = self._dice.sample(self._persons, k=2) if audience is Audience.SELECTED else ()
        return audience, tuple(chosen)

    def _follow(self) -> Event:
        target, follower = self._dice.sample(self._persons, k=2)
        kind = self._dice.choice((FollowEstablished, FollowEstablished, FollowEnded, None))
        if kind is FollowEstablished:
            return FollowEstablished(target_id=target, follower_id=follower)
        if kind is FollowEnded:
            return FollowEnded(target_id=target, follower_id=follower, ended_by=follower)
        return FollowRequested(target_id=target, follower_id=follower, opening=0)

    def _hide(self) -> Event:
        one, other = self._dice.sample(self._persons, k=2)
        return self._dice.choice(
            (
                MuteSet(muter_id=one, muted_id=other),
                MuteLifted(muter_id=one, muted_id=other),
                BlockSet(blocker_id=one, blocked_id=other),
                BlockLifted(blocker_id=one, blocked_id=other),
                BlockLifted(blocker_id=other, blocked_id=one),
            )
        )

    def _open(self) -> Event:
        person = self._dice.choice(self._persons)
        return VisibilityChanged(account_id=person, private=self._dice.random() < 0.3)
