"""The demo's society: invented people whose follows have the shape of a real network."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Final
from uuid import UUID

from anyascii import anyascii
from msgspec import Struct, convert

from infra.crypto.uuid7 import uuid7

DATA: Final = Path(__file__).with_name("demo_data")
PASSWORD: Final = "the demo is open"  # noqa: S105  # Printed for everybody to use.
"""Everybody's: the demo is for looking around."""

HALF_DAY: Final = timedelta(hours=12)
FIRST_BIRTHDAY: Final = datetime(1950, 1, 1, tzinfo=UTC)
BIRTHDAYS: Final = 20_000
_STEM_LENGTH_MAX: Final = 20


class Names(Struct, frozen=True):
    """Names of one language. Every given name goes with every family name."""

    language: str
    given: tuple[str, ...]
    family: tuple[str, ...]


class Person(Struct, frozen=True):
    """One invented person; `number` is the one in the file of edges."""

    number: int
    handle: str
    first_name: str
    last_name: str
    birth_date: str

    @property
    def email(self) -> str:
        """An address of a domain that never exists (RFC 2606)."""
        return f"{self.handle}@demo.example"

    def form(self) -> dict[str, object]:
        """What this person registers with."""
        return {
            "email": self.email,
            "password": PASSWORD,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "birthDate": self.birth_date,
            "handle": self.handle,
            "about": f"Number {self.number} of the demo, and as invented as everybody in it.",
            "device": "agora demo",
        }


class Society(Struct, frozen=True):
    """People, those with the most friends first, and follows as (follower, followed) handles."""

    people: tuple[Person, ...]
    follows: frozenset[tuple[str, str]]

    def following(self) -> dict[str, set[str]]:
        """Whom everybody follows, by handle."""
        found: dict[str, set[str]] = {person.handle: set() for person in self.people}
        for follower, followed in self.follows:
            found[follower].add(followed)
        return found


def society(size: int = 0) -> Society:
    """The `size` people with the most friends and the follows among them; 0 is everybody."""
    friendships = read_friendships((DATA / "reed98.edges").read_text())
    friends = Counter(number for friendship in friendships for number in friendship)
    ranked = sorted(friends, key=lambda number: (-friends[number], number))
    groups = _groups()
    people = {number: _person(groups, number) for number in ranked[: size or None]}
    handles: Mapping[int, str] = {number: person.handle for number, person in people.items()}
    follows = {
        (handles[follower], handles[followed])
        for one, other in friendships
        if one in handles and other in handles
        for follower, followed in ((one, other), (other, one))
    }
    return Society(tuple(people.values()), frozenset(follows))


def read_friendships(text: str) -> list[tuple[int, int]]:
    """Pairs of numbers, one on each line."""
    pairs = [line.split() for line in text.splitlines()]
    return [(int(one), int(other)) for one, other in pairs]


def request_id(now: datetime, purpose: str) -> UUID:
    """The idempotency key for `purpose`, the same for every run within half a day.

    So whoever was interrupted goes on with what may be half done. The time inside is the start of
    the half day, which a server takes for a day.
    """
    epoch = datetime.fromtimestamp(0, UTC)
    half_days = (now - epoch) // HALF_DAY
    start_ms = half_days * HALF_DAY // timedelta(milliseconds=1)
    return uuid7(start_ms, blake2b(purpose.encode(), digest_size=10).digest())


def _groups() -> tuple[Names, ...]:
    document = tomllib.loads((DATA / "names.toml").read_text(encoding="utf-8"))
    return convert(document["group"], tuple[Names, ...])


def _person(groups: tuple[Names, ...], number: int) -> Person:
    """No two numbers have the same name, while there are enough names."""
    turn, group = divmod(number, len(groups))
    names = groups[group]
    row, column = divmod(turn, len(names.given))
    first = names.given[column]
    last = names.family[(row + column) % len(names.family)]
    stem = re.sub(r"[^a-z0-9]+", "_", anyascii(first).lower()).strip("_")[:_STEM_LENGTH_MAX]
    born = FIRST_BIRTHDAY + timedelta(days=number * 7919 % BIRTHDAYS)
    return Person(number, f"{stem}_{number}", first, last, born.date().isoformat())
