"""Homes that lack a post give no figures, neither ours nor those of sorted sets."""

import asyncio

import pytest
from redis import Redis

from tests.performance import fan_out
from tests.performance.fan_out import FanOut
from tests.performance.figures import WrongAnswers
from tests.performance.loads.homes import cached_homes
from tests.performance.loads.mix_log import open_mix_log
from tests.performance.loads.reed import Reed
from tests.performance.peers.fan_out_zadd import Zadds
from tests.stack import Stack


async def test_a_timeline_that_lacks_a_post_gives_no_figures(stack: Stack) -> None:
    settings, reed = stack.settings(), Reed(seed=1)
    worker = stack.agora(settings, "serve", "projections")
    async with open_mix_log(settings) as log, cached_homes(settings, log.pool) as homes:
        worker.start()
        await fan_out.begun(settings, reed, log, homes)
        subject = FanOut(reed, log, homes)
        turn, pages = await subject.turn(posts=50)
        assert turn.rate > 0
        assert 0 <= pages <= 100
        await subject.check()
        viewer = max(subject.delivered, key=lambda one: len(subject.delivered[one]))
        lost = subject.delivered[viewer].pop()
        with pytest.raises(WrongAnswers, match="above its floor"):
            await subject.check()
        subject.delivered[viewer].append(lost)
        worker.kill()


async def test_a_sorted_set_that_lacks_a_post_gives_no_figures(stack: Stack) -> None:
    settings = stack.settings()
    zadds = Zadds(settings.redis.url, settings.redis.prefix, Reed(seed=1))
    try:
        assert (await asyncio.to_thread(zadds.turn, 0.2)).rate > 0
        zadds.check()
        with Redis.from_url(settings.redis.url) as redis:
            redis.delete(*redis.keys(f"{settings.redis.prefix}zadd:*")[:1])
        with pytest.raises(WrongAnswers, match="sorted set"):
            zadds.check()
    finally:
        zadds.close()
