"""PostgreSQL fails over under load to a standby that lagged: owners notice what is gone."""

import asyncio

import pytest
from psycopg.sql import SQL, Identifier

from tests.faults.fleet import Fleet
from tests.faults.load import Load
from tests.faults.rounds import ROUNDS
from tests.faults.standby import connected, following
from tests.faults.verdict import uphold, uphold_on_the_command_line
from tests.stack import Stack

SAVED_S = 30.0

pytestmark = pytest.mark.faults


async def test_owners_notice_that_their_state_checkpoints_went_back(
    stack: Stack, fleet: Fleet
) -> None:
    await fleet.mended()
    async with Load(fleet, seed=6) as load:
        for _ in range(ROUNDS):
            await load.flows()
            async with following(stack.postgres, fleet.settings.postgres.dsn) as standby:
                await standby.fall_behind()
                heard = await saved(fleet, standby.dsn)
                await more_saved(fleet, heard)
                await standby.take_over()
            await load.flows()
    await uphold(fleet, load.history)


def test_the_log_is_clean_after_all_of_it(fleet: Fleet) -> None:
    uphold_on_the_command_line(fleet.settings)


async def saved(fleet: Fleet, dsn: str) -> int:
    """How far the state checkpoints of all partitions are, together, in one of the servers."""
    statement = SQL("select sum(next_offset) from {}.writer_checkpoints")
    async with await connected(dsn) as connection:
        schema = Identifier(fleet.settings.postgres.schema)
        row = await (await connection.execute(statement.format(schema))).fetchone()
    assert row is not None
    return int(row[0])


async def more_saved(fleet: Fleet, heard: int) -> None:
    """Until the primary has confirmed what the standby has not heard of."""
    async with asyncio.timeout(SAVED_S):
        while await saved(fleet, fleet.settings.postgres.dsn) <= heard:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
