"""Projectors count only if their rows are what happened: ours, and those of the peers."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from cli.generated_history import history
from tests.performance import rebuild
from tests.performance.figures import WrongAnswers
from tests.performance.peers import rebuild_eventsourcing
from tests.performance.peers.projector import projector
from tests.performance.rebuild_ours import generated, rebuilt
from tests.stack import Stack

EVENTS = 300


def changed(stack: Stack, statement: str) -> None:
    with psycopg.connect(stack.settings().postgres.dsn) as connection:
        connection.execute(statement.encode())


def test_a_rebuild_with_a_row_too_few_gives_no_figures(stack: Stack) -> None:
    settings = stack.settings()
    generated(settings, EVENTS, seed=1)
    done = rebuilt(settings)
    assert 0 < done.verifying_s < done.seconds
    assert done.peak_bytes > 0
    rebuild.check(settings, EVENTS, seed=1)
    with pytest.raises(WrongAnswers, match="rows of accounts"):
        rebuild.check(settings, EVENTS, seed=2)
    changed(stack, f"update {settings.postgres.schema}.reaction_counts set reactions = 9")
    with pytest.raises(WrongAnswers, match="rows of reaction_counts"):
        rebuild.check(settings, EVENTS, seed=1)


async def test_the_faust_agent_must_have_written_every_row(stack: Stack, tmp_path: Path) -> None:
    async with projector(
        stack.settings(), tmp_path, rebuild.FAUST_PROGRAM, rebuild.FAUST_SCHEMA
    ) as faust:
        assert (await faust.turn(list(history(EVENTS, seed=1)))).rate > 0
        faust.check()
        changed(stack, f"update {rebuild.FAUST_SCHEMA}.posts set body = 'Other.'")
        with pytest.raises(WrongAnswers, match="bench_faust: the rows of posts"):
            faust.check()


async def test_the_library_must_have_written_every_row(stack: Stack) -> None:
    with rebuild_eventsourcing.runner(stack.settings().postgres.dsn) as library:
        for seed in (1, 2):
            happenings = list(history(EVENTS, seed))
            assert (await asyncio.to_thread(library.turn, happenings)).rate > 0
        library.check()
        changed(stack, f"delete from {rebuild_eventsourcing.SCHEMA}.follows")
        with pytest.raises(WrongAnswers, match="eventsourcing: the rows of follows"):
            library.check()
