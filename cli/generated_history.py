"""A long invented history of people and posts, reproducible from its seed. Pure.

The mix is Bluesky's: of what is not registering, 45 % likes, 36 % follows, 9 % posts, 6 %
bookmarks in the place of reposts, the rest profiles and blocks. A few people and posts get most of
it (Zipf). Memory grows by some bytes for each person and post, not with what happens to them.
"""

import random
from array import array
from bisect import bisect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import accumulate
from typing import Final, NamedTuple
from uuid import UUID

from events.accounts import AccountRegistered, ProfileUpdated
from events.event import Event
from events.graph import BlockSet, FollowEstablished
from events.posts import Audience, BookmarkSet, PostPublished, ReactionSet
from events.topics import PEOPLE, POSTS, Topic

START: Final = datetime(2025, 1, 1, tzinfo=UTC)
APART: Final = timedelta(milliseconds=100)
EVENTS_A_PERSON: Final = 40

_DRAWS: Final = 100
_APART_MS: Final = APART // timedelta(milliseconds=1)
_VERSION_7: Final = 0x7 << 76 | 0b10 << 62
_ANYTHING: Final = (1 << 80) - 1 & ~(0xF << 76 | 0b11 << 62)
"""The bits of a UUID of version 7 that are neither time, version nor variant (RFC 9562)."""
_MIX: Final = {"like": 45, "follow": 36, "post": 9, "bookmark": 6, "profile": 2, "block": 2}
_WORDS: Final = (
    *("the", "log", "remembers", "what", "we", "said", "and", "who", "heard", "it"),
    *("in", "a", "small", "town"),
)


class Happening(NamedTuple):
    """One event of a history: in whose shard, at what version of its stream, by whom, and when."""

    topic: Topic
    shard: UUID
    actor: UUID
    event: Event
    version: int
    at: datetime


def history(events: int, seed: int, start: datetime = START) -> Iterator[Happening]:
    """So many events from `start` on, in the order in which they happened."""
    society = _Society(events, seed, start)
    for number in range(events):
        yield society.next(number)


class _Society:
    """Who is there so far, and how often each was followed, liked and so on."""

    def __init__(self, events: int, seed: int, start: datetime) -> None:
        self._chance = random.Random(seed)
        self._seed = seed
        self._start = start
        self._start_ms = int(start.timestamp() * 1000)
        self._people = _prime(max(3, events // EVENTS_A_PERSON))
        # Whom a person blocks never followed: either is the next that it has to do with.
        self._ties = array("I", bytes(4 * self._people))
        self._bookmarks = array("I", bytes(4 * self._people))
        self._profiles = array("I", bytes(4 * self._people))
        self._authors = array("I")
        self._posted_at = array("Q")
        self._likes = array("I")
        self._kinds = [getattr(self, f"_{kind}") for kind in _MIX]
        self._weights = list(accumulate(_MIX.values()))

    def next(self, number: int) -> Happening:
        """What happens as number `number`."""
        if number < self._people:
            return self._registered(number)
        if not self._authors:
            return self._post(number)
        kind = bisect(self._weights, self._chance.random() * self._weights[-1])
        happened: Happening = self._kinds[kind](number)
        return happened

    def _registered(self, number: int) -> Happening:
        account = self._person(number)
        event = AccountRegistered(
            account_id=account,
            email=f"person{number}@example.org",
            first_name="Ana",
            last_name="Lima",
            birth_date="1990-05-06",
            handle=f"person_{number}",
            about=self._text(),
            private=False,
            email_hash=f"email-{self._seed}-{number}",
            email_claim=self._id("email", number),
            handle_hash=f"handle-{self._seed}-{number}",
            handle_claim=self._id("handle", number),
        )
        return Happening(PEOPLE, account, account, event, 1, self._time(number))

    def _follow(self, number: int) -> Happening:
        target = self._drawn(self._ties)
        if target is None:
            return self._post(number)
        follower = self._person(self._nth_other(target, self._ties))
        shard = self._person(target)
        event = FollowEstablished(target_id=shard, follower_id=follower)
        return Happening(PEOPLE, shard, follower, event, 1, self._time(number))

    def _block(self, number: int) -> Happening:
        blocker = self._chance.randrange(self._people)
        if self._ties[blocker] >= self._people - 1:
            return self._post(number)
        shard, blocked = self._person(blocker), self._person(self._nth_other(blocker, self._ties))
        event = BlockSet(blocker_id=shard, blocked_id=blocked)
        return Happening(PEOPLE, shard, shard, event, 1, self._time(number))

    def _profile(self, number: int) -> Happening:
        person = self._chance.randrange(self._people)
        self._profiles[person] += 1
        account = self._person(person)
        event = ProfileUpdated(account_id=account, about=self._text())
        return Happening(
            PEOPLE, account, account, event, 1 + self._profiles[person], self._time(number)
        )

    def _bookmark(self, number: int) -> Happening:
        # Each reader keeps the posts in their order, and starts over in nobody's.
        reader = self._chance.randrange(self._people)
        if self._bookmarks[reader] >= len(self._authors):
            return self._post(number)
        post = self._bookmarks[reader]
        self._bookmarks[reader] += 1
        shard = self._person(reader)
        event = BookmarkSet(person_id=shard, post_id=self._post_id(post))
        return Happening(PEOPLE, shard, shard, event, 1, self._time(number))

    def _post(self, number: int) -> Happening:
        author = self._zipf(self._people)
        self._authors.append(author)
        self._posted_at.append(number)
        self._likes.append(0)
        post, account = self._post_id(len(self._authors) - 1), self._person(author)
        event = PostPublished(
            post_id=post, author_id=account, body=self._text(), audience=Audience.PUBLIC
        )
        return Happening(POSTS, post, account, event, 1, self._time(number))

    def _like(self, number: int) -> Happening:
        post = self._drawn(self._likes)
        if post is None:
            return self._post(number)
        person = self._person(self._nth_other(post, self._likes))
        shard, author = self._post_id(post), self._person(self._authors[post])
        event = ReactionSet(post_id=shard, thing_id=shard, thing_author_id=author, person_id=person)
        return Happening(POSTS, shard, person, event, 1, self._time(number))

    def _drawn(self, counts: "array[int]") -> int | None:
        """Which of the things that are counted comes next; None where they are everybody's."""
        for _ in range(_DRAWS):
            drawn = self._zipf(len(counts))
            if counts[drawn] < self._people - 1:
                return drawn
        return None

    def _nth_other(self, thing: int, counts: "array[int]") -> int:
        """A person whom the thing did not have before, and who is not its namesake."""
        counts[thing] += 1
        return (thing + self._stride(thing) * counts[thing]) % self._people

    def _stride(self, thing: int) -> int:
        # The number of people is prime, so any stride comes past everybody before the first.
        return 1 + (thing * 7919 + self._seed) % (self._people - 1)

    def _zipf(self, size: int) -> int:
        return int(size ** self._chance.random()) - 1 if size > 1 else 0

    def _person(self, number: int) -> UUID:
        return self._id("person", number, number)

    def _post_id(self, number: int) -> UUID:
        return self._id("post", number, self._posted_at[number])

    def _id(self, kind: str, number: int, at: int = 0) -> UUID:
        """A UUIDv7 that the seed, the kind and the number give."""
        text = f"{self._seed} {kind} {number}".encode()
        rest = int.from_bytes(blake2b(text, digest_size=10).digest())
        time_ms = self._start_ms + at * _APART_MS
        return UUID(int=(time_ms << 80 | rest & _ANYTHING) | _VERSION_7)

    def _time(self, number: int) -> datetime:
        return self._start + number * APART

    def _text(self) -> str:
        return " ".join(self._chance.choices(_WORDS, k=self._chance.randint(4, 24)))


def _time(number: int) -> datetime:
    return START + number * APART


def _prime(least: int) -> int:
    """The first prime number from there on."""
    number = least
    while any(number % divisor == 0 for divisor in range(2, int(number**0.5) + 1)):
        number += 1
    return number
