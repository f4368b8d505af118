"""Lags that are settled as they come are those of the whole, and a lost row gives no figures."""

import psycopg
import pytest

from cli.generated_history import history
from tests.performance import soak
from tests.performance.figures import WrongAnswers
from tests.performance.live_lag import WARM_UP_S, committed
from tests.performance.loads.lags import Ack, Seen, lags, settled
from tests.performance.loads.mix_log import open_mix_log
from tests.performance.loads.projecting import projecting
from tests.performance.loads.watching import watching
from tests.performance.soak import Soak
from tests.stack import Stack

EVENTS = 2000


def test_lags_that_are_settled_bit_by_bit_are_those_of_the_whole() -> None:
    acks = [Ack(1.0, "a", 0, 3), Ack(1.5, "b", 7, 1), Ack(2.0, "a", 3, 1)]
    seen = [Seen(1.25, {"a": 0}), Seen(1.75, {"b": 7}), Seen(3.0, {"a": 2}), Seen(4.0, {"a": 3})]
    early, waiting = settled(acks, seen[:2])
    assert early == [0.25, 0.25]
    assert waiting == [Ack(1.0, "a", 1, 2), Ack(2.0, "a", 3, 1)]
    late, none = settled(waiting, seen[2:])
    assert none == []
    assert sorted(early + late) == sorted(lags(acks, [*seen, Seen(4.0, {"b": 7})]))


async def test_a_row_that_is_lost_on_the_way_gives_no_figures(stack: Stack) -> None:
    settings = stack.settings()
    async with (
        open_mix_log(settings) as log,
        watching(settings.postgres.dsn, committed(settings)) as watcher,
    ):
        with projecting(stack, settings):
            subject = Soak(log, watcher, history(EVENTS, seed=1))
            await subject.begin(100)
            turn = await subject.at_rate(400, seconds=0.5)
            await subject.rest()
    assert turn.p99_ms is not None
    assert turn.p99_ms > 0
    assert subject.sent == 100 + soak.RATE * WARM_UP_S + 200
    soak.check(settings, EVENTS, subject.sent, seed=1)
    with pytest.raises(WrongAnswers, match="soak: the rows of"):
        soak.check(settings, EVENTS, subject.sent + 1, seed=1)
    with psycopg.connect(settings.postgres.dsn) as connection:
        connection.execute(f"delete from {settings.postgres.schema}.reactions".encode())
    with pytest.raises(WrongAnswers, match="rows of reactions"):
        soak.check(settings, EVENTS, subject.sent, seed=1)
