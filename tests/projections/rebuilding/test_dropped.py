"""What operators passed over: left out where they did so, and tried again by a rebuild."""

from collections.abc import AsyncIterator, Sequence

import pytest
from msgspec.structs import replace

from events.accounts import ProfileUpdated
from events.topics import Partition
from infra.worker import parking
from projections.model import Model
from projections.operations import Upsert
from projections.rebuilding.old_builds import drop_old
from tests.projections.databases import Database, database
from tests.projections.folding import ANA
from tests.projections.notes import NOTES, TOLERANT
from tests.projections.rebuilding.worlds import consumed, rebuilt, verdict_on
from tests.stack import Stack

PARTITION = Partition("people", 0)
MENDED: Model = replace(
    TOLERANT,
    changes=lambda event, _: [
        Upsert(NOTES, {"account_id": event.account_id, "about": event.about})
    ],
)


@pytest.fixture
async def base(stack: Stack) -> AsyncIterator[Database]:
    """Ana's first note could not be applied, and somebody passed over it; the second is there."""
    async with database(stack.settings(), TOLERANT) as opened:
        opened.log.claim(PARTITION)
        note = ProfileUpdated(account_id=ANA, about="raise")
        bad = opened.log.decide(PARTITION, note, shard=str(ANA))
        await consumed(opened, TOLERANT, PARTITION)
        async with opened.pool.connection() as connection, connection.transaction():
            parked = await parking.record(connection, "notes", PARTITION, bad)
            assert parked is not None
            await parking.drop(connection, parked, "ana", "beyond repair")
        note = ProfileUpdated(account_id=ANA, about="later")
        opened.log.decide(PARTITION, note, shard=str(ANA))
        await consumed(opened, TOLERANT, PARTITION)
        yield opened


async def passed_over(base: Database) -> Sequence[tuple[object, ...]]:
    return await base.fetch("select build from dropped order by build")


async def test_a_rebuild_with_the_mended_model_applies_it(base: Database) -> None:
    [outcome] = await rebuilt(base, MENDED)
    assert outcome.failure == ""
    assert (await verdict_on(base, MENDED)).clean
    assert await base.fetch("select count(*) from parked where build = 2") == [(0,)]
    assert await passed_over(base) == [(1,)]


async def test_a_rebuild_that_cannot_apply_it_either_sets_it_aside_again(base: Database) -> None:
    [outcome] = await rebuilt(base, TOLERANT)
    assert outcome.failure == ""
    assert await base.fetch("select count(*) from parked where build = 2") == [(2,)]
    assert await base.rows(NOTES) == {}
    assert (await verdict_on(base, TOLERANT)).clean


async def test_it_is_forgotten_with_the_build_that_did_without(base: Database) -> None:
    await rebuilt(base, MENDED)
    await drop_old(base.pool, MENDED)
    assert await passed_over(base) == []
