"""A rebuild that lost rows gives no figures, and what takes long only runs when it is named."""

import psycopg
import pytest

from tests.performance import growth, suite
from tests.performance.append_ours import appends
from tests.performance.figures import WrongAnswers
from tests.performance.rebuild_ours import generated, rebuilt
from tests.stack import Stack


def test_only_what_takes_long_must_be_named() -> None:
    assert [bench.name for bench in suite.BENCHES if bench.apart] == ["growth", "soak"]


def test_a_rebuild_with_a_row_too_few_gives_no_figures(stack: Stack) -> None:
    settings = stack.settings()
    by_type = generated(settings, 300, seed=1)
    assert sum(by_type.values()) == 300
    rebuilt(settings)
    growth.check(settings, by_type)
    with psycopg.connect(settings.postgres.dsn) as connection:
        connection.execute(f"delete from {settings.postgres.schema}.follows".encode())
    with pytest.raises(WrongAnswers, match="rows of follows"):
        growth.check(settings, by_type)


async def test_appends_to_a_log_that_was_long_before_are_told_apart(stack: Stack) -> None:
    settings = stack.settings()
    generated(settings, 300, seed=1)
    async with appends(settings, 10, 1) as many, appends(stack.settings(), 10, 1) as few:
        assert await growth.times_slower(few, many, seconds=0.3) > 0
        await many.check()
        await few.check()
    assert await growth.taken_over_s(settings) > 0
