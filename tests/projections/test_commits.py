"""What those hear who act on commits: every place of a lane, with what the rows touch."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from events.accounts import VisibilityChanged
from events.topics import Partition
from infra.redis.entries import micros
from infra.redis.port import NO_RECORD, Place
from infra.worker import progress
from infra.worker.progress import Overtaken
from projections.commits import Commit
from projections.models.graph import MODEL
from projections.subscriber import ModelSubscriber
from projections.touches import Followed, Opened
from tests.projections.databases import Database, database
from tests.projections.folding import ANA, BEN, CLO
from tests.projections.models.test_graph import followed, unfollowed
from tests.stack import Stack

PARTITION = Partition("people", 0)
LANE = "graph/people-0"


class Heard:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.commits: list[Commit] = []
        self.released_: list[str] = []

    def resumed(self, lane: str, at: Place) -> None:
        assert lane == LANE
        self.places.append(at)

    def committed(self, commit: Commit) -> None:
        assert commit.lane == LANE
        self.commits.append(commit)

    def released(self, lane: str) -> None:
        self.released_.append(lane)


class Lane:
    """The graph in one partition of a database, and who hears of its commits."""

    def __init__(self, base: Database) -> None:
        self.base = base
        self.heard = Heard()
        self.subscriber = self._subscriber()

    def _subscriber(self) -> ModelSubscriber:
        return self.base.subscriber(MODEL, self.heard)

    async def consume(self) -> None:
        """Take in all that the log holds."""
        await self.subscriber.consume(PARTITION, progress.read(self.base.log.entries[PARTITION]))


@pytest.fixture
async def lane(stack: Stack) -> AsyncIterator[Lane]:
    async with database(stack.settings(), MODEL) as opened:
        opened.log.claim(PARTITION)
        made = Lane(opened)
        await made.subscriber.resume(PARTITION)
        yield made


async def test_places_follow_on_each_other_and_say_when_they_were_reached(lane: Lane) -> None:
    started = datetime.now(UTC) - timedelta(seconds=1)
    lane.base.log.decide(PARTITION, followed(ANA, BEN), at=datetime.now(UTC))
    await lane.consume()
    lane.base.log.decide(PARTITION, unfollowed(ANA, BEN, by=BEN), at=datetime.now(UTC))
    await lane.consume()
    [first] = lane.heard.places
    one, two = lane.heard.commits
    assert (first.offset, first.last_id) == (-1, NO_RECORD)
    assert [one.before, one.after.offset] == [first, 1]
    assert [two.before, two.after.offset] == [one.after, 2]
    assert first.lineage == one.after.lineage == two.after.lineage
    assert micros(started) < one.after.at < two.after.at
    assert one.after.last_id not in (NO_RECORD, two.after.last_id)


async def test_who_goes_on_is_told_the_place_that_was_stored(lane: Lane) -> None:
    lane.base.log.decide(PARTITION, followed(ANA, BEN), at=datetime.now(UTC))
    await lane.consume()
    await lane.subscriber.resume(PARTITION)
    assert lane.heard.places[-1] == lane.heard.commits[-1].after


async def test_touches_come_with_the_rows_in_their_order(lane: Lane) -> None:
    now = datetime.now(UTC)
    lane.base.log.decide(PARTITION, followed(ANA, BEN), at=now)
    lane.base.log.decide(PARTITION, unfollowed(ANA, BEN, by=BEN), at=now)
    lane.base.log.decide(PARTITION, VisibilityChanged(account_id=ANA, private=False), at=now)
    lane.base.log.decide(PARTITION, followed(ANA, CLO), at=now)
    await lane.consume()
    [commit] = lane.heard.commits
    assert list(commit.touches or ()) == [Followed(BEN), Opened(ANA, now), Followed(CLO)]


async def test_old_touches_are_not_told_but_that_there_were_some_is(lane: Lane) -> None:
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    lane.base.log.decide(PARTITION, unfollowed(ANA, BEN, by=BEN), at=hour_ago)
    await lane.consume()
    lane.base.log.decide(PARTITION, followed(ANA, BEN), at=hour_ago)
    lane.base.log.decide(PARTITION, followed(ANA, CLO), at=datetime.now(UTC))
    await lane.consume()
    nothing, old = lane.heard.commits
    assert nothing.touches == []
    assert old.touches is None


async def test_rows_that_were_not_committed_are_not_told(lane: Lane) -> None:
    lane.base.log.decide(PARTITION, followed(ANA, BEN), at=datetime.now(UTC))
    await lane.base.consume(MODEL, PARTITION)
    with pytest.raises(Overtaken):
        await lane.consume()
    assert lane.heard.commits == []


async def test_a_lane_that_may_not_go_on_is_spoken_for_by_nobody(lane: Lane) -> None:
    await lane.base.fetch("update builds set version = version + 1")
    told = len(lane.heard.places)
    with pytest.raises(progress.Halted):
        await lane.subscriber.resume(PARTITION)
    assert len(lane.heard.places) == told
    assert lane.heard.released_[-1] == LANE
