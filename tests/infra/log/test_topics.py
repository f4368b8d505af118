"""Topics are made once, with settings that keep every fact."""

import asyncio
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import NodeNotReadyError
from msgspec.structs import replace

from events.topics import NAMES, PEOPLE, Partition
from infra.config import SettingError, Settings
from infra.log.kafka import open_log
from infra.log.port import LogUnavailable
from infra.log.topics import all_partitions, ensure, kafka_name, missing
from tests.stack import KafkaCluster, Stack, free_ports


async def changed(settings: Settings, name: str, values: dict[str, str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka.bootstrap)
    await admin.start()
    topic = ConfigResource(ConfigResourceType.TOPIC, name, values)
    await admin.alter_configs([topic])
    # The controller has the change when it answers, the broker a moment later.
    while not await shows(admin, topic):  # noqa: ASYNC110  Brokers ring no bell.
        await asyncio.sleep(0.02)
    await admin.close()


async def shows(admin: AIOKafkaAdminClient, topic: ConfigResource) -> bool:
    asked = ConfigResource(topic.resource_type, topic.name, dict.fromkeys(topic.configs, ""))
    [response] = await admin.describe_configs([asked])
    _, _, _, _, entries = response.resources[0]
    there = {entry[0]: entry[1] for entry in entries}
    return all(there.get(key) == value for key, value in topic.configs.items())


async def test_missing_topics_are_made_once(stack: Stack) -> None:
    settings = stack.settings()
    assert await missing(settings) == ["people", "names", "posts"]
    assert [report.created for report in await ensure(settings)] == [True, True, True]
    assert [report.created for report in await ensure(settings)] == [False, False, False]
    assert await missing(settings) == []


async def test_a_dry_run_makes_nothing(stack: Stack) -> None:
    settings = stack.settings()
    await ensure(settings, dry_run=True)
    assert await missing(settings) == ["people", "names", "posts"]


async def test_another_number_of_partitions_is_refused(stack: Stack) -> None:
    settings = stack.settings()
    await ensure(settings)
    grown = replace(settings, log=replace(settings.log, people_partitions=5))
    with pytest.raises(SettingError, match=r"log\.people_partitions.* is 5, but the topic has 4"):
        await ensure(grown)


async def test_retention_that_would_lose_facts_is_mended(stack: Stack) -> None:
    settings = stack.settings()
    await ensure(settings)
    await changed(settings, kafka_name(settings.kafka, "people"), {"retention.ms": "60000"})

    looked, *_ = await ensure(settings, dry_run=True)
    assert "retention.ms" in looked.mended
    mended, *untouched = await ensure(settings)
    assert "retention.ms" in mended.mended
    assert [report.mended for report in untouched] == [(), ()]
    assert [report.mended for report in await ensure(settings)] == [(), (), ()]


async def test_three_copies_may_miss_one(stack: Stack, kafka_cluster: KafkaCluster) -> None:
    settings = kafka_cluster.joined(stack.settings())
    await ensure(settings)
    assert [report.mended for report in await ensure(settings)] == [(), (), ()]
    single = replace(settings, kafka=replace(settings.kafka, replication_factor=1))
    deviating, *_ = await ensure(single, dry_run=True)
    assert deviating.mended == ("min.insync.replicas",)


async def test_a_broker_that_is_away_is_said_so(stack: Stack) -> None:
    settings = stack.settings()
    [port] = free_ports(1)
    away = replace(settings, kafka=replace(settings.kafka, bootstrap=f"127.0.0.1:{port}"))
    with pytest.raises(LogUnavailable, match="Looking after the topics"):
        await ensure(away)


async def test_there_is_no_appender_of_what_is_not_there(stack: Stack) -> None:
    settings = stack.settings()
    async with open_log(settings) as log:
        with pytest.raises(LogUnavailable, match="names"):
            await log.appender(Partition("names", 0))
        await ensure(settings)
        with pytest.raises(LogUnavailable, match="has no partition 9"):
            await log.appender(Partition("names", 9))
        appender = await log.appender(Partition("names", 0))
        assert await appender.append([(b"key", b"value")]) == 0
        await appender.close()


def test_partitions_follow_the_settings() -> None:
    settings = Settings()
    assert all_partitions(settings, [NAMES]) == (Partition("names", 0), Partition("names", 1))
    log = settings.log
    counts = (log.people_partitions, log.names_partitions, log.posts_partitions)
    assert len(all_partitions(settings)) == sum(counts)
    assert all_partitions(settings, [PEOPLE])[-1] == Partition("people", 3)


async def test_a_broker_that_is_just_back_is_waited_for(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = iter([NodeNotReadyError("not listed yet"), NodeNotReadyError("not listed yet")])
    describe = AIOKafkaAdminClient.describe_topics

    async def not_at_once(admin: AIOKafkaAdminClient, names: list[str]) -> list[Any]:
        for error in seen:
            raise error
        return list(await describe(admin, names))

    monkeypatch.setattr(AIOKafkaAdminClient, "describe_topics", not_at_once)
    assert all(report.created for report in await ensure(stack.settings()))
