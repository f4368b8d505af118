"""PostgreSQL, which keeps state checkpoints and keys, is killed and paused under load."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.crypto.digests import new_uuid7
from infra.local.process import Process
from infra.rpc.metadata import AUTHORIZATION, IDEMPOTENCY_KEY
from schemas.gen import graph_pb2
from schemas.refusals import Unavailable
from tests.faults.fleet import Fleet, Instance
from tests.faults.load import Load
from tests.faults.rounds import ROUNDS
from tests.faults.verdict import uphold, uphold_on_the_command_line
from tests.stack import Stack

AWAY_S = 20.0 if ROUNDS > 1 else 6.0
PAUSED_S = 3.0
DEADLINE_S = 20.0
GROWTH_MIB_MAX = 100.0
FOLLOW = "/agora.graph.v1.GraphCommands/Follow"

pytestmark = pytest.mark.faults


async def test_commands_are_refused_in_time_while_the_store_is_away(
    stack: Stack, fleet: Fleet
) -> None:
    await fleet.mended()
    before = {instance.name: memory_mib(instance) for instance in fleet.instances}
    async with Load(fleet, seed=1, clients=4) as load:
        await load.flows()
        stack.postgres.kill()
        until = time.monotonic() + AWAY_S
        while time.monotonic() < until:
            for instance in fleet.instances:
                await refused_in_time(fleet, instance)
        stack.postgres.start()
        await asyncio.to_thread(stack.postgres.wait_ready)
        await load.flows()
    await uphold(fleet, load.history)
    for instance in fleet.instances:
        assert memory_mib(instance) - before[instance.name] < GROWTH_MIB_MAX


async def test_a_takeover_waits_for_the_store(stack: Stack, fleet: Fleet) -> None:
    await fleet.mended()
    victim = await fleet.owner()
    async with Load(fleet, seed=2) as load:
        await load.flows()
        stack.postgres.kill()
        victim.process.kill()
        await asyncio.sleep(1.0)
        stack.postgres.start()
        await asyncio.to_thread(stack.postgres.wait_ready)
        await load.flows()
    await uphold(fleet, load.history)


async def test_the_store_may_pause_under_load(stack: Stack, fleet: Fleet) -> None:
    await fleet.mended()
    async with Load(fleet, seed=3) as load:
        await load.flows()
        with paused_with_children(stack.postgres):
            await asyncio.sleep(PAUSED_S)
        await load.flows()
    await uphold(fleet, load.history)


async def test_the_store_may_pause_during_a_takeover(stack: Stack, fleet: Fleet) -> None:
    await fleet.mended()
    victim = await fleet.owner()
    async with Load(fleet, seed=4) as load:
        await load.flows()
        with paused_with_children(stack.postgres):
            victim.process.kill()
            await asyncio.sleep(PAUSED_S)
        await load.flows()
    await uphold(fleet, load.history)


def test_the_log_is_clean_after_all_of_it(fleet: Fleet) -> None:
    uphold_on_the_command_line(fleet.settings)


async def refused_in_time(fleet: Fleet, instance: Instance) -> None:
    """A command is answered UNAVAILABLE by its deadline, by the instance itself."""
    actor, target = fleet.people[:2]
    metadata = {
        AUTHORIZATION: f"Bearer {actor.token}",
        IDEMPOTENCY_KEY: str(new_uuid7(datetime.now(UTC))),
    }
    request = graph_pb2.FollowRequest(account_id=str(target.account))
    channel = fleet.channel(instance)
    with pytest.raises(Unavailable) as refusal:
        await channel.call(FOLLOW, request, graph_pb2.Followed, metadata, DEADLINE_S)
    await channel.close()
    assert refusal.value.reason == "STORE_UNAVAILABLE"


def memory_mib(instance: Instance) -> float:
    """What the process holds in memory (statm in proc(5))."""
    pages = int(Path(f"/proc/{instance.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


@contextmanager
def paused_with_children(process: Process) -> Iterator[None]:
    """The block runs while the process and its children are stopped."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    process.pause()
    stopped = [int(pid) for pid in children.read_text().split()]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        process.resume()
