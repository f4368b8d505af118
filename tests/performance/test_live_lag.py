"""Lags in literal numbers, and a worker that is believed only with the rows it wrote."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import psycopg
import pytest

from cli.generated_history import history
from tests.performance import live_lag
from tests.performance.figures import WrongAnswers
from tests.performance.live_lag import Live
from tests.performance.loads.effort import Meter
from tests.performance.loads.lags import Ack, Seen, lags
from tests.performance.loads.mix_log import open_mix_log
from tests.performance.loads.pace import paced
from tests.performance.loads.watching import watching
from tests.performance.peers.projector import projector
from tests.stack import Stack


def test_the_lag_runs_from_the_log_to_the_first_look_that_shows_the_row() -> None:
    acks = [Ack(1.0, "a", 0, 2), Ack(2.0, "a", 2, 1), Ack(1.5, "b", 7, 1)]
    seen = [Seen(1.25, {}), Seen(1.5, {"a": 0}), Seen(3.0, {"a": 2, "b": 6}), Seen(4.5, {"b": 7})]
    assert lags(acks, seen) == [0.5, 2.0, 1.0, 3.0]


def test_what_was_committed_before_its_append_was_answered_has_no_lag() -> None:
    assert lags([Ack(2.0, "a", 0, 1)], [Seen(1.0, {"a": 0})]) == [0.0]


def test_an_event_that_was_never_seen_has_no_lag_at_all() -> None:
    with pytest.raises(ValueError, match="Offset 1 of a"):
        lags([Ack(1.0, "a", 0, 2)], [Seen(2.0, {"a": 0})])


async def test_things_come_at_their_rate_and_none_is_left_out() -> None:
    async def send(things: Sequence[int]) -> Sequence[int]:
        await asyncio.sleep(0)
        return things

    began = time.perf_counter()
    assert await paced(range(50), 500, send) == list(range(50))
    assert time.perf_counter() - began >= 0.1


async def test_a_worker_without_a_row_gives_no_figures(stack: Stack) -> None:
    settings = stack.settings()
    worker = stack.agora(settings, "serve", "projections")
    async with (
        open_mix_log(settings) as log,
        watching(settings.postgres.dsn, live_lag.committed(settings)) as watcher,
    ):
        worker.start()
        metered = partial(Meter, settings.postgres.dsn, worker, stack.postgres)
        live = Live(log, watcher, history(2000, seed=1), metered)
        await live.begin(100)
        turn, effort = await live.at_rate(400, seconds=0.5)
        assert turn.p99_ms is not None
        assert effort.transactions > 0
        assert effort.worker > 0
        assert (await live.burst(300)).rate > 0
        worker.kill()
    live_lag.check(live.plain, settings)
    with psycopg.connect(settings.postgres.dsn) as connection:
        connection.execute(f"delete from {settings.postgres.schema}.reactions".encode())
    with pytest.raises(WrongAnswers, match="rows of reactions"):
        live_lag.check(live.plain, settings)


async def test_the_row_by_row_projector_must_have_written_every_row(
    stack: Stack, tmp_path: Path
) -> None:
    async with projector(stack.settings(), tmp_path, live_lag.PROGRAM, live_lag.SCHEMA) as peer:
        turn = await live_lag.row_by_row(peer, list(history(200, seed=1)), rate=400)
        assert turn.p99_ms is not None
        peer.check()
        with psycopg.connect(peer.dsn) as connection:
            connection.execute(f"delete from {live_lag.SCHEMA}.reactions".encode())
        with pytest.raises(WrongAnswers, match="rows of reactions"):
            peer.check()
