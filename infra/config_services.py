"""Sections about what Agora's own services do, each for one of them."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from infra.config_forms import ENDPOINT, GRPC

EVERY_ADDRESS: Final = ("0.0.0.0", "::", "[::]")  # noqa: S104  # To be told from an endpoint.


class CommandsSettings(Struct, frozen=True):
    """The command side: its server, and the one writer of each partition."""

    host: Annotated[str, Meta(min_length=1, description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on (gRPC).")] = 7001
    advertised_endpoint: Annotated[
        str,
        Meta(
            pattern=ENDPOINT.pattern,
            description="Where other instances reach this one; empty is host:port.",
            extra=ENDPOINT.extra,
        ),
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
        """Refuse a silence that one late ping would already break, and records above the batch.

        And an instance that listens on every address and names none: others would look for it on
        their own machines, take it for dead, and claim its partitions again and again.
        """
        if self.host in EVERY_ADDRESS and not self.advertised_endpoint:
            raise ValueError(f"advertised_endpoint must be set, as host is {self.host}")
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
        str,
        Meta(
            pattern=GRPC.pattern,
            description="Where the command side answers, host:port.",
            extra=GRPC.extra,
        ),
    ] = "127.0.0.1:7001"
    queries_endpoint: Annotated[
        str,
        Meta(
            pattern=GRPC.pattern,
            description="Where the query side answers, host:port.",
            extra=GRPC.extra,
        ),
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
        Meta(description="No limits for this machine itself. Never behind a proxy on it."),
    ] = False


class ProjectionsSettings(Struct, frozen=True):
    """The workers that fold the log into read models."""

    group: Annotated[
        str, Meta(min_length=1, max_length=64, description="Name of the consumer group.")
    ] = "projections"
    session_timeout_ms: Annotated[
        int,
        Meta(
            ge=1000,
            description="Silence after which a worker's partitions move; "
            "brokers allow no less than their `group.min.session.timeout.ms`.",
        ),
    ] = 6_000
    heartbeat_interval_ms: Annotated[
        int, Meta(ge=100, description="Time between two heartbeats of a worker.")
    ] = 1500
    fold_processes: Annotated[
        int, Meta(ge=1, le=64, description="Processes that fold the log, to rebuild or to verify.")
    ] = 2
