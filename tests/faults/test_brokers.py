"""Brokers are killed and paused under load: one alone, and the leader of three."""

import asyncio
from collections.abc import Iterator

import pytest

from infra.local.process import Process
from tests.faults.brokers import controller
from tests.faults.fleet import Fleet, running_fleet
from tests.faults.load import Load
from tests.faults.rounds import ROUNDS
from tests.faults.verdict import uphold, uphold_on_the_command_line
from tests.stack import KafkaCluster, Stack, paused

LONGER_THAN_A_REQUEST_S = 4.0
AWAY_S = 2.0

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def replicated(
    stack: Stack, kafka_cluster: KafkaCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    """Two command processes on three brokers."""
    settings = kafka_cluster.joined(stack.settings())
    with running_fleet(settings, tmp_path_factory.mktemp("replicated"), 2, 24) as running:
        yield running


async def test_a_lone_broker_may_be_killed_and_come_back(stack: Stack, fleet: Fleet) -> None:
    await fleet.mended()
    async with Load(fleet, seed=1) as load:
        for _ in range(ROUNDS):
            await load.flows()
            stack.kafka.kill()
            await asyncio.sleep(AWAY_S)
            await stack.bring_back_kafka()
            await load.flows()
    await uphold(fleet, load.history)


async def test_a_lone_broker_may_pause_for_longer_than_producers_wait(
    stack: Stack, fleet: Fleet
) -> None:
    await fleet.mended()
    async with Load(fleet, seed=2) as load:
        for _ in range(ROUNDS):
            await load.flows()
            await frozen_for_long(stack.kafka)
            await load.flows()
    await uphold(fleet, load.history)


async def test_the_leader_of_three_may_be_killed(
    replicated: Fleet, kafka_cluster: KafkaCluster
) -> None:
    await replicated.mended()
    async with Load(replicated, seed=3) as load:
        for _ in range(ROUNDS):
            await load.flows()
            leader = controller(kafka_cluster.brokers)
            leader.kill()
            await load.flows()
            leader.start()
            await asyncio.to_thread(leader.wait_ready)
    await uphold(replicated, load.history)


async def test_two_of_three_may_be_killed_and_nothing_is_acknowledged_meanwhile(
    replicated: Fleet, kafka_cluster: KafkaCluster
) -> None:
    """One copy alone is no quorum: writes wait, and go on once a second one is back."""
    await replicated.mended()
    async with Load(replicated, seed=5) as load:
        await load.flows()
        leader = controller(kafka_cluster.brokers)
        other = next(one for one in kafka_cluster.brokers if one is not leader)
        killed = [leader, other]
        for broker in killed:
            broker.kill()
        await asyncio.sleep(AWAY_S)
        for broker in killed:
            broker.start()
        for broker in killed:
            await asyncio.to_thread(broker.wait_ready)
        await load.flows()
    await uphold(replicated, load.history)


async def test_the_leader_of_three_may_pause(
    replicated: Fleet, kafka_cluster: KafkaCluster
) -> None:
    await replicated.mended()
    async with Load(replicated, seed=4) as load:
        for _ in range(ROUNDS):
            await load.flows()
            await frozen_for_long(controller(kafka_cluster.brokers))
            await load.flows()
    await uphold(replicated, load.history)


@pytest.mark.parametrize("name", ["fleet", "replicated"])
def test_the_log_is_clean_after_all_of_it(name: str, request: pytest.FixtureRequest) -> None:
    survivors: Fleet = request.getfixturevalue(name)
    uphold_on_the_command_line(survivors.settings)


async def frozen_for_long(broker: Process) -> None:
    with paused(broker):
        await asyncio.sleep(LONGER_THAN_A_REQUEST_S)
