"""Advice on partitions: every one is advised to exactly one living instance."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from events.topics import TOPICS, Partition
from infra.config import Settings
from infra.log.group import advised
from infra.log.topics import all_partitions, ensure
from tests.stack import Stack

SETTLED_S = 120.0
"""Longer than a killed broker takes to come back on a busy machine, and a group to form."""

Advice = AsyncGenerator[frozenset[Partition], None]


class Instance:
    """Follows its advice until it leaves."""

    def __init__(self, settings: Settings) -> None:
        self.advice: frozenset[Partition] = frozenset()
        self.changed = asyncio.Event()
        self._following = asyncio.create_task(self._follow(advised(settings, TOPICS)))

    async def _follow(self, advice: Advice) -> None:
        try:
            async for partitions in advice:
                self.advice = partitions
                self.changed.set()
        finally:
            await advice.aclose()

    async def leave(self) -> None:
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)


async def settled(settings: Settings, *instances: Instance) -> None:
    async with asyncio.timeout(SETTLED_S):
        while not shared_out(settings, instances):
            changes = [asyncio.create_task(each.changed.wait()) for each in instances]
            await asyncio.wait(changes, return_when=asyncio.FIRST_COMPLETED)
            for change, instance in zip(changes, instances, strict=True):
                change.cancel()
                instance.changed.clear()


def shared_out(settings: Settings, instances: Sequence[Instance]) -> bool:
    advised_to_any = sorted(partition for each in instances for partition in each.advice)
    fair = all(each.advice for each in instances)
    return fair and advised_to_any == sorted(all_partitions(settings))


async def test_one_instance_is_advised_everything(stack: Stack) -> None:
    settings = stack.settings()
    await ensure(settings)
    only = Instance(settings)
    await settled(settings, only)
    await only.leave()


async def test_a_newcomer_takes_some_and_leaves_them_behind(stack: Stack) -> None:
    settings = stack.settings()
    await ensure(settings)
    first = Instance(settings)
    await settled(settings, first)

    second = Instance(settings)
    await settled(settings, first, second)
    assert len(first.advice) == len(second.advice) == len(all_partitions(settings)) // 2

    await second.leave()
    await settled(settings, first)
    await first.leave()


async def test_the_last_advice_stands_while_the_broker_is_away(stack: Stack) -> None:
    settings = stack.settings()
    await ensure(settings)
    first = Instance(settings)
    await settled(settings, first)

    stack.kafka.kill()
    await asyncio.sleep(1)
    assert len(first.advice) == len(all_partitions(settings))
    await stack.bring_back_kafka()

    second = Instance(settings)
    await settled(settings, first, second)
    await asyncio.gather(first.leave(), second.leave())
