"""Rates are found by halving, late requests are late, and homes are held against a plain model."""

import random

import pytest

from tests.performance import mixed
from tests.performance.figures import WrongAnswers
from tests.performance.loads.open_loop import Step, Taken, open_loop
from tests.performance.loads.rate_search import highest
from tests.performance.mixed_sites import PAGE
from tests.stack import Stack


def step(seconds: float, *, kept_up: bool = True) -> Step:
    return Step([Taken("home", seconds)] * 100, 1.0, kept_up)


@pytest.mark.parametrize(("bears", "found"), [(4, 4), (1, 1), (5, 5), (0, 1)])
async def test_the_highest_rate_that_is_answered_soon(bears: int, found: int) -> None:
    async def asked(rate: int) -> Step:
        return step(0.005 if rate <= bears else 0.020)

    rate, seen = await highest([1, 2, 3, 4, 5], 0.010, asked)
    assert rate == found
    assert (max(seen.seconds()) <= 0.010) == (bears > 0)


async def test_a_rate_that_was_not_kept_up_with_does_not_count() -> None:
    async def asked(rate: int) -> Step:
        return step(0.001, kept_up=rate < 3)

    assert (await highest([1, 2, 3, 4], 0.010, asked))[0] == 2


async def test_requests_come_by_the_clock_and_are_told_by_kind() -> None:
    kinds = iter(["home", "publish"] * 1000)

    async def ask() -> str:
        return next(kinds)

    found = await open_loop(500, 0.2, random.Random(1), ask)
    assert found.kept_up
    assert 50 < len(found.taken) < 150
    assert len(found.seconds("home")) + len(found.seconds("publish")) == len(found.seconds())


async def test_homes_without_what_was_published_give_no_figures(stack: Stack) -> None:
    async with mixed.sides(stack, seed=1, each=PAGE) as both:
        for people in (both.ours, both.theirs):
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
