"""Every setting of every Agora process, read once at start into one frozen Struct.

To add a setting, add one line to its section: a default that works on one machine, a unit in the
name, and a sentence that becomes its line in the reference. `AGORA_SECTION_NAME` then sets it from
the environment, `name` under `[section]` in a file does the same.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from infra.config_sources import SettingError, resolve

__all__ = ["SettingError", "Settings", "load", "load_with_sources"]

SECRET: Final = {"secret": True}


class KafkaSettings(Struct, frozen=True):
    """The log's brokers."""

    bootstrap: Annotated[
        str, Meta(min_length=1, description="Brokers to ask first, host:port, comma between.")
    ] = "127.0.0.1:9092"
    prefix: Annotated[
        str, Meta(max_length=64, description="Put in front of every topic and group name.")
    ] = ""
    replication_factor: Annotated[
        int, Meta(ge=1, le=7, description="Copies of each partition, for topics yet to be made.")
    ] = 1


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

    dsn: Annotated[str, Meta(min_length=1, description="Connection string.", extra=SECRET)] = (
        "postgresql://agora@127.0.0.1:5432/agora"
    )
    schema: Annotated[
        str,
        Meta(pattern=r"^[a-z_][a-z0-9_]{0,47}$", description="Starts the name of every schema."),
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
        int, Meta(ge=0, description="Longest time for one statement; 0 is no limit.")
    ] = 5000

    def __post_init__(self) -> None:
        """Refuse a pool whose smallest size is above its largest."""
        if self.pool_connections_min > self.pool_connections_max:
            raise ValueError("pool_connections_min is above pool_connections_max")


class RedisSettings(Struct, frozen=True):
    """Caches: Redis may be emptied or away at any time."""

    url: Annotated[str, Meta(min_length=1, description="Server and database.", extra=SECRET)] = (
        "redis://127.0.0.1:6379/0"
    )
    prefix: Annotated[str, Meta(max_length=64, description="Put in front of every key.")] = ""


class NatsSettings(Struct, frozen=True):
    """Live news from projections to gateways, kept for minutes in a stream in NATS's memory."""

    url: Annotated[str, Meta(min_length=1, description="Server to connect to.", extra=SECRET)] = (
        "nats://127.0.0.1:4222"
    )
    prefix: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_-]{0,64}$",
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


class CommandsSettings(Struct, frozen=True):
    """The command side: its server, and the one writer of each partition."""

    host: Annotated[str, Meta(min_length=1, description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on (gRPC).")] = 7001
    advertised_endpoint: Annotated[
        str, Meta(description="Where other instances reach this one; empty is host:port.")
    ] = ""
    checkpoint_interval_ms: Annotated[
        int, Meta(ge=10, description="Longest time between two state checkpoints.")
    ] = 2000
    checkpoint_events: Annotated[
        int, Meta(ge=1, description="Most events between two state checkpoints.")
    ] = 5000
    ping_interval_ms: Annotated[
        int, Meta(ge=5, description="Time between two liveness pings to an owner.")
    ] = 100
    ping_silence_ms: Annotated[
        int, Meta(ge=10, description="Silence after which an owner counts as unreachable.")
    ] = 400
    batch_bytes_max: Annotated[
        int, Meta(ge=1024, le=8 << 20, description="Largest batch appended at once.")
    ] = 1 << 20
    decision_bytes_max: Annotated[
        int, Meta(ge=1024, le=1 << 20, description="Largest record: one decision, all its events.")
    ] = 256 << 10
    stream_state_bytes_max: Annotated[
        int, Meta(ge=1024, le=1 << 20, description="Largest state of one stream.")
    ] = 64 << 10
    heads_in_memory_max: Annotated[
        int, Meta(ge=1, description="Stream states kept in memory for each process.")
    ] = 200_000

    def __post_init__(self) -> None:
        """Refuse a silence that one late ping would already break, and records above the batch."""
        if self.ping_silence_ms <= self.ping_interval_ms:
            raise ValueError("ping_silence_ms must be above ping_interval_ms")
        if self.decision_bytes_max > self.batch_bytes_max:
            raise ValueError("decision_bytes_max must not be above batch_bytes_max")


class QueriesSettings(Struct, frozen=True):
    """The query side."""

    host: Annotated[str, Meta(min_length=1, description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on (gRPC).")] = 7002
    position_wait_ms: Annotated[
        int, Meta(ge=0, description="Longest wait for a position that the caller asks for.")
    ] = 2000


class FeedsSettings(Struct, frozen=True):
    """Home timelines in Redis, which workers keep and the query side reads."""

    cached: Annotated[
        bool, Meta(description="Whether timelines are kept; PostgreSQL answers otherwise.")
    ] = True
    timeline_entries_max: Annotated[
        int,
        Meta(ge=100, le=10_000, description="Posts that a timeline keeps; it may hold some more."),
    ] = 800
    timeline_hours: Annotated[
        int, Meta(ge=1, le=8760, description="Life of a timeline that nobody reads.")
    ] = 72
    pushed_followers_max: Annotated[
        int,
        Meta(ge=0, description="Above it an author's posts are looked up by reads, not pushed."),
    ] = 10_000
    marker_late_ms_max: Annotated[
        int,
        Meta(ge=0, description="How far timelines may be behind the tables when they are read."),
    ] = 1000
    marker_check_ms: Annotated[
        int, Meta(ge=10, description="Time between two looks of an idle worker at its markers.")
    ] = 1000
    read_wait_ms: Annotated[
        int, Meta(ge=1, description="Longest wait for Redis before PostgreSQL is asked.")
    ] = 100
    push_wait_ms: Annotated[
        int, Meta(ge=1, description="Longest wait of a worker for one answer of Redis.")
    ] = 2000
    push_waiting_max: Annotated[
        int, Meta(ge=1, description="Most posts and follows that wait in a worker for Redis.")
    ] = 100_000
    refills_at_once: Annotated[
        int, Meta(ge=1, le=100, description="Timelines that one process fills at the same time.")
    ] = 4


class GatewaySettings(Struct, frozen=True):
    """The HTTP edge."""

    host: Annotated[str, Meta(min_length=1, description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on (HTTP).")] = 3000
    commands_endpoint: Annotated[
        str, Meta(min_length=1, description="Where the command side answers, host:port.")
    ] = "127.0.0.1:7001"
    queries_endpoint: Annotated[
        str, Meta(min_length=1, description="Where the query side answers, host:port.")
    ] = "127.0.0.1:7002"
    body_bytes_max: Annotated[int, Meta(ge=1024, description="Largest request body.")] = 64 << 10
    request_timeout_ms: Annotated[int, Meta(ge=1, description="Longest time for a request.")] = (
        10_000
    )
    body_timeout_ms: Annotated[
        int, Meta(ge=1, description="Longest time in which a request's body may arrive.")
    ] = 5000
    proxies_in_front: Annotated[
        int,
        Meta(ge=0, le=8, description="Proxies whose word in X-Forwarded-For counts; 0 is none."),
    ] = 0


class LiveSettings(Struct, frozen=True):
    """Streams of live updates at the gateway."""

    streams_max: Annotated[
        int, Meta(ge=1, description="Streams that one gateway keeps open at once.")
    ] = 5000
    streams_per_account: Annotated[
        int, Meta(ge=1, description="Streams of one account at one gateway: its open tabs.")
    ] = 20
    heartbeat_s: Annotated[
        int, Meta(ge=1, le=300, description="Silence after which a stream shows that it lives.")
    ] = 15
    check_ms: Annotated[
        int, Meta(ge=50, description="Time between two looks for closed sessions.")
    ] = 500
    waiting_events_max: Annotated[
        int,
        Meta(ge=8, description="Events that wait for a slow client; with one more it starts anew."),
    ] = 256
    replayed_items_max: Annotated[
        int, Meta(ge=100, description="Pieces of live news that a gateway can replay.")
    ] = 20_000


class LimitsSettings(Struct, frozen=True):
    """How often one account, or one address where nobody is signed in, may ask."""

    reads_per_10s: Annotated[int, Meta(ge=1, description="Reads, on average.")] = 300
    reads_burst: Annotated[int, Meta(ge=1, description="Reads at once.")] = 300
    writes_per_10s: Annotated[int, Meta(ge=1, description="Commands, on average.")] = 100
    writes_burst: Annotated[int, Meta(ge=1, description="Commands at once.")] = 100
    sensitive_per_minute: Annotated[
        int, Meta(ge=1, description="Registering and signing in, on average.")
    ] = 30
    sensitive_burst: Annotated[
        int, Meta(ge=1, description="Registering and signing in at once.")
    ] = 30
    lifted_on_loopback: Annotated[
        bool,
        Meta(description="No limits for this machine itself; false behind a proxy on it."),
    ] = True


class ProjectionsSettings(Struct, frozen=True):
    """The workers that fold the log into read models."""

    group: Annotated[
        str, Meta(min_length=1, max_length=64, description="Name of the consumer group.")
    ] = "projections"
    session_timeout_ms: Annotated[
        int, Meta(ge=1000, description="Silence after which a worker's partitions move.")
    ] = 10_000
    heartbeat_interval_ms: Annotated[
        int, Meta(ge=100, description="Time between two heartbeats of a worker.")
    ] = 2000
    fold_processes: Annotated[
        int, Meta(ge=1, le=64, description="Processes that fold the log, to rebuild or to verify.")
    ] = 2


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
        str, Meta(description="Where traces go (OTLP over HTTP); empty is nowhere.")
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


class Settings(Struct, frozen=True):
    """All sections. Handed to whatever needs it; nothing reads the environment by itself."""

    kafka: KafkaSettings = KafkaSettings()
    log: LogSettings = LogSettings()
    postgres: PostgresSettings = PostgresSettings()
    redis: RedisSettings = RedisSettings()
    nats: NatsSettings = NatsSettings()
    commands: CommandsSettings = CommandsSettings()
    queries: QueriesSettings = QueriesSettings()
    feeds: FeedsSettings = FeedsSettings()
    gateway: GatewaySettings = GatewaySettings()
    live: LiveSettings = LiveSettings()
    limits: LimitsSettings = LimitsSettings()
    projections: ProjectionsSettings = ProjectionsSettings()
    auth: AuthSettings = AuthSettings()
    crypto: CryptoSettings = CryptoSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    local: LocalSettings = LocalSettings()


def load(environ: Mapping[str, str], path: Path | None = None) -> Settings:
    """Settings from defaults, then the file at `path`, then `environ`.

    Without `path` the file is the one that `AGORA_CONFIG` names, else `.agora/agora.toml` when it
    is there. Raises SettingError, which names the setting, the problem and the source.
    """
    return load_with_sources(environ, path)[0]


def load_with_sources(
    environ: Mapping[str, str], path: Path | None = None
) -> tuple[Settings, dict[str, str]]:
    """What `load` gives, and where each setting came from, by its path."""
    return resolve(Settings, environ, path)
