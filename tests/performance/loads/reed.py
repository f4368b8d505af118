"""The demo's network as events: 962 people, 18,812 friendships, each of them two follows."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from cli.demo_society import DATA, read_friendships
from cli.generated_history import Happening
from events.accounts import AccountRegistered
from events.event import Event
from events.graph import FollowEstablished
from events.posts import Audience, PostPublished
from events.topics import PEOPLE, POSTS
from infra.crypto.digests import new_uuid7

_VERSION_7: Final = 0x7 << 76 | 0b10 << 62
_SEEDS: Final = 1 << 28
_MICROSECOND: Final = timedelta(microseconds=1)


class Reed:
    """Who there is, and who follows whom."""

    def __init__(self, seed: int) -> None:
        friendships = read_friendships((DATA / "reed98.edges").read_text(encoding="utf-8"))
        numbers = sorted({number for pair in friendships for number in pair})
        person = {number: UUID(int=_VERSION_7 | seed % _SEEDS << 32 | number) for number in numbers}
        followers: defaultdict[UUID, list[UUID]] = defaultdict(list)
        for one, other in friendships:
            followers[person[one]].append(person[other])
            followers[person[other]].append(person[one])
        self.people: Sequence[UUID] = list(person.values())
        self.followers: Mapping[UUID, Sequence[UUID]] = followers
        self._dice = random.Random(seed)

    def beginnings(self) -> Iterator[Happening]:
        """Everybody registers, then follows."""
        for number, one in enumerate(self.people):
            yield _happening(one, one, registered(one, number))
        for target, followers in self.followers.items():
            for one in followers:
                event = FollowEstablished(target_id=target, follower_id=one)
                yield _happening(target, one, event)

    def posts(self, count: int) -> list[Happening]:
        """So many posts of now, each of whom the dice say, a microsecond apart, all different."""
        return self._posts(self._dice.choices(self.people, k=count))

    def posts_of_everybody(self, each: int) -> list[Happening]:
        """As `posts`, but as many of everybody."""
        return self._posts(self._dice.sample(self.people, k=len(self.people)) * each)

    def _posts(self, authors: Sequence[UUID]) -> list[Happening]:
        now = datetime.now(UTC)
        return [
            published(author, f"Hello for the {number}th time.", now + number * _MICROSECOND)
            for number, author in enumerate(authors)
        ]


def registered(person: UUID, number: int) -> AccountRegistered:
    """Somebody joins; people with other numbers have other names."""
    return AccountRegistered(
        account_id=person,
        email=f"person{number}@example.org",
        first_name="Ana",
        last_name="Lima",
        birth_date="1990-12-31",
        handle=f"person_{number}",
        about="",
        private=False,
        email_hash=f"email-{person.hex}",
        email_claim=person,
        handle_hash=f"handle-{person.hex}",
        handle_claim=person,
    )


def body_of(post: Happening) -> str:
    """What it says."""
    assert isinstance(post.event, PostPublished)
    return post.event.body


def published(author: UUID, body: str, at: datetime) -> Happening:
    """A public post."""
    post = new_uuid7(at)
    event = PostPublished(post_id=post, author_id=author, body=body, audience=Audience.PUBLIC)
    return Happening(POSTS, post, author, event, 1, at)


def _happening(shard: UUID, actor: UUID, event: Event) -> Happening:
    return Happening(PEOPLE, shard, actor, event, 1, datetime.now(UTC))
