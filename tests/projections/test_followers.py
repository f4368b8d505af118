"""Who gets what somebody publishes, as the tables have it."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from uuid import UUID

import pytest

from events.accounts import VisibilityChanged
from events.event import Event
from events.topics import Partition
from projections.candidates import ids
from projections.followers import StoredFollowers
from projections.models.graph import MODEL
from projections.touches import Opened
from tests.projections.databases import Database, database
from tests.projections.folding import ANA, BEN, CLO, at
from tests.projections.models.test_graph import followed, requested, unfollowed
from tests.stack import Stack

PARTITION = Partition("people", 0)
DAN = UUID(int=0xD)
MOST = 2


class Told:
    """Follows in a database, and what is said of them."""

    def __init__(self, base: Database) -> None:
        self.base = base
        self.followers = StoredFollowers(base.pool, MOST)

    async def after(self, *events: Event) -> None:
        """These events come, a second apart."""
        for event in events:
            second = len(self.base.log.entries[PARTITION])
            self.base.log.decide(PARTITION, event, at=at(second))
        await self.base.consume(MODEL, PARTITION)

    async def of(self, author: UUID) -> set[UUID] | None:
        """The followers of one author."""
        found = (await self.followers.of([author, BEN]))[author.bytes]
        return None if found is None else _people(found)

    async def accepted(self, target: UUID, when: datetime) -> set[UUID]:
        """Whom somebody accepted by going public."""
        return _people(await self.followers.accepted([Opened(target, when)]))


def _people(joined: bytes | Iterable[int]) -> set[UUID]:
    return {UUID(bytes=one) for one in ids(bytes(joined))}


@pytest.fixture
async def told(stack: Stack) -> AsyncIterator[Told]:
    async with database(stack.settings(), MODEL) as opened:
        opened.log.claim(PARTITION)
        yield Told(opened)


async def test_followers_are_those_who_do_follow(told: Told) -> None:
    assert await told.of(ANA) == set()
    await told.after(followed(ANA, BEN), requested(ANA, CLO), followed(CLO, ANA))
    assert await told.of(ANA) == {BEN}
    await told.after(followed(ANA, CLO), unfollowed(ANA, BEN, by=BEN))
    assert await told.of(ANA) == {CLO}


async def test_beyond_the_most_they_are_not_listed(told: Told) -> None:
    await told.after(followed(ANA, BEN), followed(ANA, CLO))
    assert await told.of(ANA) == {BEN, CLO}
    await told.after(followed(ANA, DAN))
    assert await told.of(ANA) is None
    await told.after(unfollowed(ANA, BEN, by=ANA))
    assert await told.of(ANA) == {CLO, DAN}


async def test_going_public_accepts_those_who_waited_and_nobody_else(told: Told) -> None:
    going_public = VisibilityChanged(account_id=ANA, private=False)
    await told.after(followed(ANA, BEN), requested(ANA, CLO), requested(BEN, DAN), going_public)
    when = at(len(told.base.log.entries[PARTITION]) - 1)
    assert await told.accepted(ANA, when) == {CLO}
    assert await told.accepted(BEN, when) == set()
    assert await told.accepted(ANA, at(999)) == set()
