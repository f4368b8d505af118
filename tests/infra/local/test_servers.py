"""The servers of a test run are real, and come back after what tests do to them."""

import asyncio
import secrets

import nats
import psycopg
import pytest
import redis
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from infra.local import procfs
from infra.local.process import Process, StartError
from tests.stack import KafkaCluster, Stack

UNLIMITED = -1

pytestmark = pytest.mark.flows


async def new_topic(bootstrap: str, copies: int) -> str:
    """A topic of one partition."""
    topic = f"t{secrets.token_hex(4)}"
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, copies)])
    finally:
        await admin.close()
    return topic


async def append(bootstrap: str, topic: str) -> int:
    """Append one record, acknowledged by all copies in sync, and return its offset."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        return int((await asyncio.wait_for(producer.send_and_wait(topic, b"record"), 30)).offset)
    finally:
        await asyncio.wait_for(producer.stop(), 30)


async def test_kafka_keeps_its_records_and_serves_soon_after_it_was_killed(stack: Stack) -> None:
    bootstrap = stack.settings().kafka.bootstrap
    topic = await new_topic(bootstrap, 1)
    assert await append(bootstrap, topic) == 0
    stack.kafka.kill()
    stack.kafka.start()
    stack.kafka.wait_ready()
    assert await append(bootstrap, topic) == 1


async def test_a_cluster_takes_records_while_one_of_three_brokers_is_away(
    stack: Stack, kafka_cluster: KafkaCluster
) -> None:
    settings = kafka_cluster.joined(stack.settings())
    topic = await new_topic(settings.kafka.bootstrap, settings.kafka.replication_factor)
    kafka_cluster.brokers[1].kill()
    try:
        assert await append(settings.kafka.bootstrap, topic) == 0
    finally:
        kafka_cluster.brokers[1].restart()
    assert await append(settings.kafka.bootstrap, topic) == 1


def test_the_log_of_postgres_repeats_no_rows(stack: Stack) -> None:
    secret = secrets.token_hex(8)
    with psycopg.connect(stack.settings().postgres.dsn) as connection:
        connection.execute("create temporary table notes (about text, needed text not null)")
        with pytest.raises(psycopg.errors.NotNullViolation, match=secret):
            connection.execute("insert into notes values (%s, null)", (secret,))
    log = stack.postgres.log_file.read_text()
    assert "violates not-null constraint" in log
    assert secret not in log


def test_postgres_has_the_extensions_and_survives_a_crash(stack: Stack) -> None:
    stack.postgres.kill()
    stack.postgres.start()
    stack.postgres.wait_ready()
    with psycopg.connect(stack.settings().postgres.dsn) as connection:
        rows = connection.execute("select extname from pg_extension").fetchall()
    assert {"pg_trgm", "unaccent"} <= {name for (name,) in rows}


def test_a_paused_redis_answers_again_when_resumed(stack: Stack) -> None:
    url = stack.settings().redis.url
    with (
        redis.Redis.from_url(url, socket_timeout=0.2, retry=None) as hasty,
        redis.Redis.from_url(url) as patient,
    ):
        stack.redis.pause()
        try:
            with pytest.raises(redis.TimeoutError):
                hasty.ping()
        finally:
            stack.redis.resume()
        assert patient.ping()


async def test_nats_has_jetstream(stack: Stack) -> None:
    connection = await nats.connect(stack.settings().nats.url)
    try:
        account = await connection.jetstream().account_info()
    finally:
        await connection.close()
    assert account.limits.max_memory == UNLIMITED


def test_each_world_has_its_own_names_and_the_same_prefix_gives_the_same(stack: Stack) -> None:
    one, other, again = stack.settings(), stack.settings(), stack.settings("same")
    assert one.kafka.prefix != other.kafka.prefix
    assert one.postgres.schema != other.postgres.schema
    assert again.kafka.prefix == stack.settings("same").kafka.prefix


def test_a_server_on_a_taken_port_says_why_it_ended(stack: Stack) -> None:
    rival = Process(stack.redis.recipe, stack.redis.log_file.with_name("rival.log"))
    assert procfs.port_owner(rival.recipe.port).startswith("redis-server (pid ")
    rival.start()
    assert rival.wait(60)
    assert "Address already in use" in rival.failure()
    with pytest.raises(StartError, match="redis ended with status 1"):
        rival.wait_ready()


def test_a_process_of_agora_reads_the_settings_of_its_world(stack: Stack) -> None:
    settings = stack.settings()
    process = stack.agora(settings, "config", "show")
    process.start()
    assert process.wait(60)
    assert settings.kafka.prefix in process.log_file.read_text()
    assert process.exit_status == 0
