"""What a benchmark measured is checked before it counts, and wrong answers are found."""

import asyncio

import psycopg
import pytest

from projections.models.posts import MODEL
from tests.performance import hot_key
from tests.performance.append_ours import Appends, appends, fact_bytes
from tests.performance.figures import WrongAnswers
from tests.performance.peers.append_eventsourcing import saves
from tests.performance.peers.append_insert import Inserts
from tests.performance.peers.hot_key_upserts import Upserts
from tests.projections.databases import database
from tests.stack import Stack


async def _some(ours: Appends) -> None:
    await ours.turn(callers=4, seconds=0.2)
    await ours.check()


async def test_our_appends_are_the_ones_in_the_log_and_256_bytes_long(stack: Stack) -> None:
    async with appends(stack.settings(), people=20, seed=1) as ours:
        await _some(ours)
        assert fact_bytes(ours) == 256
        ours.acked[next(iter(ours.acked))] = (ours.people[0], "never written")
        with pytest.raises(WrongAnswers):
            await ours.check()


async def test_an_append_that_was_lost_gives_no_figures(stack: Stack) -> None:
    async with appends(stack.settings(), people=20, seed=1) as ours:
        await _some(ours)
        partition, offset = next(iter(ours.acked))
        ours.acked[partition, offset + 1_000_000] = ours.acked[partition, offset]
        with pytest.raises(WrongAnswers, match="were acked, the log holds"):
            await ours.check()


async def test_the_peers_store_what_they_are_asked_to(stack: Stack) -> None:
    dsn = stack.settings().postgres.dsn
    inserts = Inserts(dsn)
    assert (await asyncio.to_thread(inserts.turn, 2, 0.2)).rate > 0
    inserts.check()
    with saves(dsn, people=20, seed=1) as saving:
        assert (await asyncio.to_thread(saving.turn, 4, 0.2)).rate > 0
        saving.check()
        saving.saved[next(iter(saving.saved))].append("never saved")
        with pytest.raises(WrongAnswers):
            saving.check()


async def test_likes_that_are_not_all_there_give_no_figures(stack: Stack) -> None:
    log = hot_key.liked(likes=50, seed=1)
    async with database(stack.settings(), MODEL) as opened:
        turn = await hot_key.folded(opened, log, likes=50)
        await hot_key.check(opened, likes=50)
        with pytest.raises(WrongAnswers, match="51 people like the post"):
            await hot_key.check(opened, likes=51)
    assert turn.rate > 0


async def test_upserts_count_each_like_once(stack: Stack) -> None:
    dsn = stack.settings().postgres.dsn
    upserts = Upserts(dsn, hot_key.liked(likes=20, seed=1).entries[hot_key.PARTITION])
    assert (await asyncio.to_thread(upserts.turn, 0.2)).rate > 0
    upserts.check()
    with psycopg.connect(dsn) as connection:
        connection.execute("update bench_like_counts set likes = likes + 1")
    with pytest.raises(WrongAnswers):
        upserts.check()
