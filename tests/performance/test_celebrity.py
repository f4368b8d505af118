"""Homes of followers are held against a plain model, and lists against what went in."""

import asyncio
from uuid import UUID

import pytest

from tests.performance import celebrity
from tests.performance.acks import WARM_UP, acknowledging
from tests.performance.fame import ORDINARY, staged
from tests.performance.figures import WrongAnswers
from tests.performance.peers.celebrity_push import PurePush
from tests.stack import Stack


async def test_a_home_that_lacks_a_post_gives_no_figures(stack: Stack) -> None:
    async with staged(stack, (30, 60), seed=1) as stage:
        for size in (30, 60):
            assert (await stage.visible(size)).rate > 0
        assert await celebrity.times_slower(stage, 30, 0.1) > 0
        await stage.check()
        fame = stage.fame
        assert fame.home(30) != fame.home(60) != fame.home(ORDINARY)
        fame.posts[fame.stars[60]].pop()
        with pytest.raises(WrongAnswers, match="among 60 followers"):
            await stage.check()


async def test_a_post_that_was_acknowledged_and_is_no_row_gives_no_figures(stack: Stack) -> None:
    async with staged(stack, (30, 60), seed=1) as stage, acknowledging(stack, stage, 1) as acks:
        turns = await acks.turns((30, 60), posts=5)
        assert all(turn.rate > 0 and turn.p99_ms for turn in turns.values())
        posts = {size: stage.fame.posts[star] for size, star in stage.fame.stars.items()}
        assert [len(each) for each in posts.values()] == [5 + WARM_UP] * 2
        await acks.check(stage.settings)
        _, newest = posts[60].pop()
        with pytest.raises(WrongAnswers, match="54 posts were acked, 55 are rows"):
            await acks.check(stage.settings)
        first_at, _ = posts[60][0]
        posts[60].append((first_at, newest))
        with pytest.raises(WrongAnswers, match="among 60 followers"):
            await acks.check(stage.settings)


async def test_a_list_that_lacks_a_post_gives_no_figures(stack: Stack) -> None:
    settings = stack.settings()
    push = PurePush(settings.redis.url, settings.redis.prefix)
    try:
        for number in (1, 2):
            assert (await asyncio.to_thread(push.turn, 50, UUID(int=number))).rate > 0
        push.check(seed=1)
        push.pushed[50].append(b"never pushed")
        with pytest.raises(WrongAnswers, match="list"):
            push.check(seed=1)
    finally:
        push.close()
