"""Homes of followers are held against a plain model, and lists against what went in."""

import asyncio
from uuid import UUID

import pytest

from tests.performance import celebrity
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
