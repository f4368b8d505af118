"""Apache Kafka (KRaft) from its published jars, one node or several on one machine."""

import base64
import subprocess
import uuid
from pathlib import Path
from typing import Final

import msgspec

from infra.local.process import Recipe, StartError, answers

# ApiVersions v0 with correlation id 1 and an empty client id. A broker answers any request only
# once it is registered and unfenced, so an answer means that it serves.
API_VERSIONS: Final = bytes.fromhex("0000000a 0012 0000 00000001 0000")
ANSWERED: Final = bytes.fromhex("00000001 0000")

QUICK_START: Final = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Djava.awt.headless=true")
MEMORY: Final = ("-Xms256m", "-Xmx384m", "-XX:MaxDirectMemorySize=128m", "-Xss512k")

LOGGING: Final = """\
status = warn
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss.SSS} %-5p %c{1}: %m%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
"""


class Node(msgspec.Struct, frozen=True):
    """One Kafka process, broker and controller in one."""

    node_id: int
    port: int
    controller_port: int
    folder: Path


class Cluster(msgspec.Struct, frozen=True):
    """The nodes that form one cluster, and the jars that they run from."""

    nodes: tuple[Node, ...]
    jars: Path
    cluster_id: str


def new_cluster_id() -> str:
    """A random id in the form that Kafka's storage tool takes.

    With a dash in front the tool would read it as an option.
    """
    drawn = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[:22]
    return f"A{drawn[1:]}" if drawn.startswith("-") else drawn


def cluster_id_of(folder: Path) -> str:
    """The id of the cluster whose data `folder` holds; a new one while it holds none."""
    try:
        lines = (folder / "data" / "meta.properties").read_text().splitlines()
    except FileNotFoundError:
        return new_cluster_id()
    entries = dict(line.split("=", 1) for line in lines if "=" in line)
    return entries.get("cluster.id") or new_cluster_id()


def recipe(cluster: Cluster, node: Node) -> Recipe:
    """How to run `node` of `cluster`."""
    properties = node.folder / "server.properties"
    logging = node.folder / "log4j2.properties"
    name = "kafka" if len(cluster.nodes) == 1 else f"kafka-{node.node_id}"
    return Recipe(
        name=name,
        port=node.port,
        argv=(
            *("java", *MEMORY, *QUICK_START, f"-Dlog4j2.configurationFile={logging}"),
            *("-cp", f"{cluster.jars}/*", "kafka.Kafka", str(properties)),
        ),
        prepare=lambda: _prepare(cluster, node, properties, logging),
        ready=lambda: answers(node.port, API_VERSIONS, ANSWERED),
        stop_seconds=20.0,
        start_seconds=60.0,
    )


def _prepare(cluster: Cluster, node: Node, properties: Path, logging: Path) -> None:
    if not any(cluster.jars.glob("kafka_*.jar")):
        raise StartError(f"Kafka's jars are not in {cluster.jars}; run make up, which fetches them")
    node.folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{key}={value}" for key, value in _properties(cluster, node).items()]
    properties.write_text("\n".join(lines) + "\n")
    logging.write_text(LOGGING)
    if not (node.folder / "data" / "meta.properties").exists():
        _format(cluster, properties)


def _format(cluster: Cluster, properties: Path) -> None:
    tool = ("java", *QUICK_START, "-cp", f"{cluster.jars}/*", "kafka.tools.StorageTool")
    done = subprocess.run(
        (*tool, "format", "-t", cluster.cluster_id, "-c", str(properties), "--ignore-formatted"),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise StartError(f"Kafka cannot format its folder: {(done.stdout + done.stderr).strip()}")


def _properties(cluster: Cluster, node: Node) -> dict[str, object]:
    return {
        **_addresses(cluster, node),
        **_replication(len(cluster.nodes)),
        "log.dirs": node.folder / "data",
        "auto.create.topics.enable": "false",
        "log.retention.ms": -1,
        "log.cleaner.dedupe.buffer.size": 8 << 20,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.num.partitions": 4,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        # An idle controller writes an empty record twice a second by default.
        "metadata.max.idle.interval.ms": 30_000,
        "num.network.threads": 2,
        "num.io.threads": 4,
        # A lone broker that was killed waits for its own old session before it may serve again.
        "broker.session.timeout.ms": 2000,
        "broker.heartbeat.interval.ms": 400,
    }


def _addresses(cluster: Cluster, node: Node) -> dict[str, object]:
    voters = (f"{peer.node_id}@127.0.0.1:{peer.controller_port}" for peer in cluster.nodes)
    broker, controller = f"127.0.0.1:{node.port}", f"127.0.0.1:{node.controller_port}"
    return {
        "process.roles": "broker,controller",
        "node.id": node.node_id,
        "controller.quorum.voters": ",".join(voters),
        "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{broker}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    }


def _replication(nodes: int) -> dict[str, object]:
    copies = min(nodes, 3)
    in_sync = max(1, copies - 1)
    return {
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
        "unclean.leader.election.enable": "false",
    }
