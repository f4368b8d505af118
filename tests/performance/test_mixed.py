"""Requests come by the clock, and homes are held against a plain model."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from infra.auth.tokens import open_tokens
from infra.crypto.digests import new_uuid7
from tests.performance import mixed
from tests.performance.figures import WrongAnswers
from tests.performance.loads.open_loop import open_loop
from tests.performance.loads.reed_town import tokens_of
from tests.performance.mixed_served import sides
from tests.performance.mixed_sites import PAGE
from tests.stack import Stack


async def test_requests_come_by_the_clock_and_are_told_by_kind() -> None:
    kinds = iter(["home", "publish"] * 1000)

    async def ask() -> str:
        return next(kinds)

    found = await open_loop(500, 0.2, random.Random(1), ask)
    assert found.kept_up
    assert 50 < len(found.taken) < 150
    assert len(found.seconds("home")) + len(found.seconds("publish")) == len(found.seconds())


def test_tokens_outlast_all_that_is_asked(stack: Stack) -> None:
    settings, now = stack.settings(), datetime.now(UTC)
    person = new_uuid7(now)
    token = tokens_of(settings, [person])[person]
    caller = open_tokens(settings).verify(token, now + timedelta(hours=3))
    assert caller.account_id == person


async def test_homes_without_what_was_published_give_no_figures(stack: Stack) -> None:
    async with sides(stack, seed=1, each=PAGE, more=PAGE + 1) as served:
        asks = mixed.asked(served)
        assert await asks[mixed.NOTHING]() == mixed.NOTHING
        for people in served.all:
            loop = await open_loop(40, 1.0, random.Random(1), people.ask)
            assert loop.taken
            viewers = people.reed.people[:5]
            await people.check(viewers, mixed.PAGE_COMPARED)
            body = next(iter(people.sent_at))
            viewer = people.authors[body]
            people.sent_at["Never published."] = max(people.sent_at.values()) + 60
            people.authors["Never published."] = viewer
            with pytest.raises(WrongAnswers, match="lacks 1 posts"):
                await people.check([viewer], mixed.PAGE_COMPARED)
            del people.sent_at["Never published."], people.sent_at[body], people.authors[body]
            with pytest.raises(WrongAnswers, match="and has 1 of others"):
                await people.check([viewer], mixed.PAGE_COMPARED)
