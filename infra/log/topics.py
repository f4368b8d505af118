"""The topics in Kafka: their names, their partitions, and their creation.

Facts are kept for ever: no retention, no compaction. The number of partitions is fixed when a
topic is made, because it says which partition a shard lives in.
(docs/adr/0003-topics-by-shard-kind.md)
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    NodeNotReadyError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)
from msgspec import Struct

from events.topics import TOPICS, Partition, Topic
from infra.config import SettingError, Settings
from infra.config_servers import KafkaSettings
from infra.log.kafka_clients import BATCH_BYTES_MAX, START_SECONDS, unavailable

ADMIN_SECONDS: Final = 30.0
_REQUEST_TIMEOUT_MS: Final = 10_000
_APPEAR_SECONDS: Final = 0.1


class TopicReport(Struct, frozen=True):
    """What `ensure` found or did: `created`, `mended` names settings that were put right."""

    topic: str
    partitions: int
    created: bool = False
    mended: tuple[str, ...] = ()


def kafka_name(settings: KafkaSettings, topic: str) -> str:
    """The topic's name in Kafka, with the deployment's prefix."""
    return f"{settings.prefix}{topic}"


def partition_count(settings: Settings, topic: Topic) -> int:
    """How many partitions the deployment's settings give the topic."""
    return int(getattr(settings.log, f"{topic.name}_partitions"))


def all_partitions(settings: Settings, topics: Sequence[Topic] = TOPICS) -> tuple[Partition, ...]:
    """Every partition of `topics`, in order."""
    return tuple(
        Partition(topic.name, number)
        for topic in topics
        for number in range(partition_count(settings, topic))
    )


async def ensure(settings: Settings, *, dry_run: bool = False) -> list[TopicReport]:
    """Makes missing topics and mends what must never deviate; again and again changes nothing.

    Raises SettingError when a topic has another number of partitions than the settings say, and
    `LogUnavailable`.
    """
    with unavailable("Looking after the topics"):
        async with asyncio.timeout(ADMIN_SECONDS):
            while True:
                try:
                    return await _all_ensured(settings, dry_run)
                except NodeNotReadyError:
                    # A broker that is just back answers, but does not list itself as alive yet.
                    await asyncio.sleep(_APPEAR_SECONDS)


async def _all_ensured(settings: Settings, dry_run: bool) -> list[TopicReport]:
    async with _admin(settings.kafka) as admin:
        found = await _found(admin, settings)
        for topic in TOPICS:
            _check(settings, topic, found)
        return [await _ensured(admin, settings, topic, found, dry_run) for topic in TOPICS]


async def missing(settings: Settings) -> list[str]:
    """The topics that are not there yet; raises as `ensure` does, and changes nothing."""
    return [report.topic for report in await ensure(settings, dry_run=True) if report.created]


@asynccontextmanager
async def _admin(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(
        bootstrap_servers=settings.bootstrap, request_timeout_ms=_REQUEST_TIMEOUT_MS
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            await admin.start()
        yield admin
    finally:
        await admin.close()


async def _found(admin: AIOKafkaAdminClient, settings: Settings) -> Mapping[str, int]:
    """The topics that exist, by name in Kafka, and how many partitions each has."""
    names = [kafka_name(settings.kafka, topic.name) for topic in TOPICS]
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in await admin.describe_topics(names)
        if for_code(topic["error_code"]) is not UnknownTopicOrPartitionError
    }


def _check(settings: Settings, topic: Topic, found: Mapping[str, int]) -> None:
    wanted = partition_count(settings, topic)
    there = found.get(kafka_name(settings.kafka, topic.name), wanted)
    if there != wanted:
        raise SettingError(
            f"log.{topic.name}_partitions",
            f"is {wanted}, but the topic has {there}; the number is fixed once a topic is made",
            "the settings in force",
        )


async def _ensured(
    admin: AIOKafkaAdminClient,
    settings: Settings,
    topic: Topic,
    found: Mapping[str, int],
    dry_run: bool,
) -> TopicReport:
    name = kafka_name(settings.kafka, topic.name)
    partitions = partition_count(settings, topic)
    wanted = _rules(settings.kafka.replication_factor)
    if name in found:
        mended = await _mended(admin, name, wanted, dry_run)
        return TopicReport(topic.name, partitions, mended=mended)
    if not dry_run:
        await _create(
            admin, NewTopic(name, partitions, settings.kafka.replication_factor, None, wanted)
        )
        await _appeared(admin, name, partitions)
    return TopicReport(topic.name, partitions, created=True)


def _rules(replication_factor: int) -> dict[str, str]:
    """Settings of every topic. One copy may be missing, if there are three, without a stop."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "min.insync.replicas": str(max(1, replication_factor - 1)),
        "unclean.leader.election.enable": "false",
        "max.message.bytes": str(BATCH_BYTES_MAX),
        "message.timestamp.type": "CreateTime",
    }


async def _create(admin: AIOKafkaAdminClient, topic: NewTopic) -> None:
    response = await admin.create_topics([topic])
    for name, code, *detail in response.topic_errors:
        error = for_code(code)
        # Another process may have been quicker: the same settings made the same topic.
        if code and error is not TopicAlreadyExistsError:
            raise error(f"Kafka did not make the topic {name}: {detail}")


async def _appeared(admin: AIOKafkaAdminClient, name: str, partitions: int) -> None:
    """Waits until brokers know the topic and a leader of each partition."""
    while True:
        for topic in await admin.describe_topics([name]):
            leaders = [partition["leader"] for partition in topic["partitions"]]
            if len(leaders) == partitions and min(leaders) >= 0:
                return
        await asyncio.sleep(_APPEAR_SECONDS)


async def _mended(
    admin: AIOKafkaAdminClient, name: str, wanted: Mapping[str, str], dry_run: bool
) -> tuple[str, ...]:
    there = await _settings_of(admin, name, list(wanted))
    deviating = tuple(key for key, value in wanted.items() if there.get(key) != value)
    if deviating and not dry_run:
        # The request replaces all of the topic's own settings, so it carries all of them.
        change = ConfigResource(ConfigResourceType.TOPIC, name, dict(wanted))
        for response in await admin.alter_configs([change]):
            for code, message, *_ in response.resources:
                if code:
                    raise for_code(code)(f"Kafka did not change {name}: {message}")
    return deviating


async def _settings_of(
    admin: AIOKafkaAdminClient, name: str, keys: Sequence[str]
) -> Mapping[str, Any]:
    asked = ConfigResource(ConfigResourceType.TOPIC, name, dict.fromkeys(keys, ""))
    values: dict[str, Any] = {}
    for response in await admin.describe_configs([asked]):
        for code, message, _, _, entries in response.resources:
            if code:
                raise for_code(code)(f"Kafka does not describe {name}: {message}")
            values.update({entry[0]: entry[1] for entry in entries})
    return values
