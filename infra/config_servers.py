"""Sections about what every process stands on: the servers, keys, traces, and this machine."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from infra.config_forms import BROKERS, NATS, POSTGRES, REDIS, SECRET, TOPIC, WEB


class KafkaSettings(Struct, frozen=True):
    """The log's brokers."""

    bootstrap: Annotated[
        str,
        Meta(
            pattern=BROKERS.pattern,
            description="Brokers to ask first, host:port, comma between.",
            extra=BROKERS.extra,
        ),
    ] = "127.0.0.1:9092"
    prefix: Annotated[
        str,
        Meta(
            pattern=TOPIC.pattern,
            max_length=64,
            description="Put in front of every topic and group name.",
            extra=TOPIC.extra,
        ),
    ] = ""
    replication_factor: Annotated[
        int, Meta(ge=1, le=7, description="Copies of each partition, for topics yet to be made.")
    ] = 1
    request_timeout_ms: Annotated[
        int,
        Meta(
            ge=100,
            le=60_000,
            description="How long a broker may take to answer. Operators' commands wait for 5 s.",
        ),
    ] = 1500


class LogSettings(Struct, frozen=True):
    """Partitions of each topic. They are fixed when the topic is made."""

    people_partitions: Annotated[
        int, Meta(ge=1, le=1024, description="Partitions of the topic of people.")
    ] = 4
    names_partitions: Annotated[
        int, Meta(ge=1, le=1024, description="Partitions of the topic of claimed names.")
    ] = 2
    posts_partitions: Annotated[
        int, Meta(ge=1, le=1024, description="Partitions of the topic of posts.")
    ] = 4


class PostgresSettings(Struct, frozen=True):
    """Read models, state checkpoints and the vaults."""

    dsn: Annotated[
        str,
        Meta(
            pattern=POSTGRES.pattern,
            description="Connection string.",
            extra={**POSTGRES.extra, **SECRET},
        ),
    ] = "postgresql://agora@127.0.0.1:5432/agora"
    schema: Annotated[
        str,
        Meta(pattern=r"^[a-z_][a-z0-9_]{0,47}\Z", description="Starts the name of every schema."),
    ] = "agora"
    pool_connections_min: Annotated[
        int, Meta(ge=0, le=500, description="Connections that a process keeps open.")
    ] = 1
    pool_connections_max: Annotated[
        int,
        Meta(
            ge=1,
            le=500,
            description="Connections that a process opens at most; a worker opens two for each "
            "of its read models and reactions if that is more.",
        ),
    ] = 8
    pool_wait_ms: Annotated[int, Meta(ge=1, description="Longest wait for a free connection.")] = (
        2000
    )
    connect_timeout_ms: Annotated[int, Meta(ge=1, description="Longest wait to connect.")] = 2000
    statement_timeout_ms: Annotated[
        int,
        Meta(ge=0, le=2**31 - 1, description="Longest time for one statement; 0 is no limit."),
    ] = 5000

    def __post_init__(self) -> None:
        """Refuse a pool whose smallest size is above its largest."""
        if self.pool_connections_min > self.pool_connections_max:
            raise ValueError("pool_connections_min is above pool_connections_max")


class RedisSettings(Struct, frozen=True):
    """Caches: Redis may be emptied or away at any time."""

    url: Annotated[
        str,
        Meta(
            pattern=REDIS.pattern,
            description="Server and database.",
            extra={**REDIS.extra, **SECRET},
        ),
    ] = "redis://127.0.0.1:6379/0"
    prefix: Annotated[str, Meta(max_length=64, description="Put in front of every key.")] = ""


class NatsSettings(Struct, frozen=True):
    """Live news from projections to gateways, kept for minutes in a stream in NATS's memory."""

    url: Annotated[
        str,
        Meta(
            pattern=NATS.pattern,
            description="Server to connect to.",
            extra={**NATS.extra, **SECRET},
        ),
    ] = "nats://127.0.0.1:4222"
    prefix: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_-]{0,64}\Z",
            description="Put in front of every subject and stream name.",
        ),
    ] = ""
    live_kept_s: Annotated[
        int,
        Meta(ge=10, le=3600, description="How long live news is kept for pages that were cut off."),
    ] = 300
    live_items_max: Annotated[
        int, Meta(ge=100, description="Most pieces of live news that are kept.")
    ] = 100_000
    live_replicas: Annotated[
        int, Meta(ge=1, le=5, description="Servers that keep them, when the stream is made.")
    ] = 1


class AuthSettings(Struct, frozen=True):
    """Access tokens."""

    access_token_minutes: Annotated[
        int, Meta(ge=1, le=1440, description="Life of an access token.")
    ] = 15
    hash_effort: Annotated[
        Literal["standard", "cheap"],
        Meta(description="Work for each password hash; cheap resists nobody, for tests alone."),
    ] = "standard"
    signing_key_file: Annotated[
        Path, Meta(description="Ed25519 private key that signs access tokens (PEM, PKCS #8).")
    ] = Path(".agora/keys/signing.pem")
    issuer: Annotated[str, Meta(min_length=1, description="`iss` of access tokens.")] = "agora"
    audience: Annotated[str, Meta(min_length=1, description="`aud` of access tokens.")] = "agora"


class CryptoSettings(Struct, frozen=True):
    """Files that hold one key of 32 raw bytes each, readable by their owner only."""

    master_key_file: Annotated[
        Path, Meta(description="Wraps the personal-data key of each person.")
    ] = Path(".agora/keys/master.key")
    id_key_file: Annotated[
        Path, Meta(description="Makes public ids and cursors unreadable outside.")
    ] = Path(".agora/keys/id.key")
    digest_key_file: Annotated[
        Path, Meta(description="Keys the digests of names, requests and derived ids.")
    ] = Path(".agora/keys/digest.key")


class TelemetrySettings(Struct, frozen=True):
    """Logs, metrics and traces."""

    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least severe line shown.")
    ] = "info"
    log_json: Annotated[
        bool, Meta(description="One JSON document a line, rather than text for people.")
    ] = False
    otlp_endpoint: Annotated[
        str,
        Meta(
            pattern=WEB.pattern,
            description="Where traces go (OTLP over HTTP); empty is nowhere.",
            extra=WEB.extra,
        ),
    ] = ""
    commands_metrics_port: Annotated[
        int, Meta(ge=0, le=65535, description="Metrics of the command side; 0 is off.")
    ] = 0
    projections_metrics_port: Annotated[
        int, Meta(ge=0, le=65535, description="Metrics of the workers; 0 is off.")
    ] = 0
    queries_metrics_port: Annotated[
        int, Meta(ge=0, le=65535, description="Metrics of the query side; 0 is off.")
    ] = 0
    gateway_metrics_port: Annotated[
        int, Meta(ge=0, le=65535, description="Metrics of the gateway; 0 is off.")
    ] = 0


class LocalSettings(Struct, frozen=True):
    """The servers that `agora up` runs. Their other ports follow from the addresses above."""

    home: Annotated[
        Path, Meta(description="Folder for data, keys, logs and jars of the local stack.")
    ] = Path(".agora")
    kafka_controller_port: Annotated[
        int, Meta(ge=1, le=65535, description="Kafka's controller, beside its broker.")
    ] = 9093
    log_bytes_max: Annotated[
        int, Meta(ge=4096, description="Size at which a process's log file is rotated.")
    ] = 10 << 20
