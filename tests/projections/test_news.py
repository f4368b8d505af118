"""What is live news: told once, after the commit, and only while it is fresh."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from events.topics import Partition
from infra.worker import progress
from projections.models.graph import MODEL
from projections.operations import Hint
from tests.projections.databases import Database, database
from tests.projections.folding import ANA, BEN
from tests.projections.models.test_graph import followed, requested
from tests.stack import Stack

PARTITION = Partition("people", 0)


@pytest.fixture
async def base(stack: Stack) -> AsyncIterator[Database]:
    async with database(stack.settings(), MODEL) as opened:
        opened.log.claim(PARTITION)
        yield opened


async def test_fresh_news_is_told_once_with_its_place(base: Database) -> None:
    offset = base.log.decide(PARTITION, requested(ANA, BEN), at=datetime.now(UTC))
    await base.consume(MODEL, PARTITION)
    await base.consume(MODEL, PARTITION)
    [(partition, news)] = base.news
    assert (partition, news.accepted.offset) == (PARTITION, offset)
    assert news.hint == Hint("follow.requested", ANA, (BEN,))


async def test_old_news_is_not_told(base: Database) -> None:
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    base.log.decide(PARTITION, followed(ANA, BEN), at=hour_ago)
    subscriber = base.subscriber(MODEL)
    await subscriber.resume(PARTITION)
    await subscriber.consume(PARTITION, progress.read(base.log.entries[PARTITION]))
    assert base.news == []
    assert base.losses == ["graph is behind in people-0"]


async def test_what_does_not_count_is_no_news(base: Database) -> None:
    zombie = UUID(int=0xDEAD)
    base.log.decide(PARTITION, followed(ANA, BEN), epoch=zombie, at=datetime.now(UTC))
    await base.consume(MODEL, PARTITION)
    assert base.news == []


async def test_who_takes_over_says_that_something_may_not_have_been_told(base: Database) -> None:
    first, second = base.subscriber(MODEL), base.subscriber(MODEL)
    for number in range(2):
        base.log.decide(PARTITION, followed(ANA, UUID(int=number)), at=datetime.now(UTC))
        entries = progress.read(base.log.entries[PARTITION])
        await first.resume(PARTITION)
        await first.consume(PARTITION, entries)
    assert base.losses == []
    await second.resume(PARTITION)
    assert base.losses == ["graph took over people-0 at 3"]
    await second.resume(PARTITION)
    await first.resume(PARTITION)
    assert len(base.losses) == 1


async def test_a_commit_whose_answer_was_lost_counts_as_not_told(base: Database) -> None:
    subscriber = base.subscriber(MODEL)
    await subscriber.resume(PARTITION)
    base.log.decide(PARTITION, followed(ANA, BEN), at=datetime.now(UTC))
    # The rows are committed by somebody of whom this subscriber never hears.
    await base.consume(MODEL, PARTITION)
    base.losses.clear()
    await subscriber.resume(PARTITION)
    assert base.losses == ["graph took over people-0 at 2"]


async def test_nothing_is_told_of_rows_that_were_not_committed(base: Database) -> None:
    overtaken = base.subscriber(MODEL)
    await overtaken.resume(PARTITION)
    base.log.decide(PARTITION, followed(ANA, BEN), at=datetime.now(UTC))
    await base.consume(MODEL, PARTITION)
    told = list(base.news)
    with pytest.raises(progress.Overtaken):
        await overtaken.consume(PARTITION, progress.read(base.log.entries[PARTITION]))
    assert base.news == told
