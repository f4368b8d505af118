"""PostgreSQL goes away under the checkpoints, and comes back. Their contract is tests/contracts."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from events.topics import Partition
from infra.checkpoints.port import Saved
from infra.checkpoints.postgres import PostgresCheckpoints, open_checkpoints
from schemas.refusals import Unavailable
from tests.stack import Stack, free_ports

PEOPLE = Partition("people", 0)

pytestmark = pytest.mark.faults


@pytest.fixture
async def checkpoints(stack: Stack) -> AsyncIterator[PostgresCheckpoints]:
    async with open_checkpoints(stack.settings()) as opened:
        yield opened


async def test_all_is_unavailable_until_the_server_is_back(
    stack: Stack, checkpoints: PostgresCheckpoints
) -> None:
    await checkpoints.take(PEOPLE, 7)
    await checkpoints.save(PEOPLE, 7, Saved(offset=42), {"tie-a": b"head"})
    stack.postgres.kill()
    try:
        async with asyncio.timeout(60):
            with pytest.raises(Unavailable):
                await checkpoints.save(PEOPLE, 7, Saved(offset=43), {"tie-a": b"later"})
            with pytest.raises(Unavailable):
                await checkpoints.load(PEOPLE, ["tie-a"])
    finally:
        stack.postgres.start()
        stack.postgres.wait_ready()
    async with asyncio.timeout(60):
        saved = await eventually_peeked(checkpoints)
    assert saved.offset == 42
    await checkpoints.save(PEOPLE, 7, Saved(offset=43), {"tie-a": b"later"})
    assert await checkpoints.load(PEOPLE, ["tie-a"]) == {"tie-a": b"later"}


async def eventually_peeked(checkpoints: PostgresCheckpoints) -> Saved:
    while True:
        try:
            return await checkpoints.peek(PEOPLE)
        except Unavailable:
            await asyncio.sleep(0.1)


async def test_opening_without_a_server_is_unavailable(stack: Stack) -> None:
    settings = stack.settings()
    [port] = free_ports(1)
    dsn = f"postgresql://agora:agora@127.0.0.1:{port}/agora"
    away = replace(settings, postgres=replace(settings.postgres, dsn=dsn))
    with pytest.raises(Unavailable):
        async with open_checkpoints(away):
            pass
