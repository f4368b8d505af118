"""Real servers for tests: one copy of each for the whole run, on free ports, in a temporary folder.

A test gets a world of its own by asking for settings, which carry new prefixes and a new schema, so
that nothing has to be emptied or restarted. Servers may be killed and paused; put them back.
"""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from msgspec.structs import replace

from infra.config import Settings
from infra.config_sources import variables_of
from infra.local import kafka_broker, procfs
from infra.local.keys import ensure_keys
from infra.local.process import Process, Recipe
from infra.local.servers import server_recipes

ROOT: Final = Path(__file__).resolve().parents[1]
JARS: Final = ROOT / ".agora" / "kafka" / "libs"
BROKERS: Final = 3
RECOVERY_S: Final = 60
"""A broker that was killed reads all logs of the run again."""
FOLDER: Final = "agora-tests-"


def ports_of(worker: int, workers: int) -> range:
    """The ports for one of so many processes that run tests side by side.

    They are below those that Linux gives to outgoing connections: one of them could take the port
    of a server that was just killed, and keep it from coming back.
    """
    return range(10_000 + worker, 32_000, workers)


PORTS: Final = ports_of(
    int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")),
    int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")),
)


class Stack:
    """The servers of this run. `kafka`, `postgres`, `redis` and `nats` can be killed and paused."""

    def __init__(self, base: Settings, servers: Sequence[Process]) -> None:
        self._base = base
        self._started: list[Process] = []
        self.kafka, self.postgres, self.redis, self.nats = servers

    def settings(self, prefix: str = "") -> Settings:
        """Settings of a world apart from all others; the same again for the same `prefix`.

        `prefix` is letters and digits, one drawn at random when empty. Agora's own processes get
        free ports at every call.
        """
        world = prefix or f"t{secrets.token_hex(4)}"
        base = self._base
        commands, queries, gateway = free_ports(3)
        return replace(
            base,
            kafka=replace(base.kafka, prefix=f"{world}."),
            postgres=replace(base.postgres, schema=f"agora_{world.lower()}"),
            redis=replace(base.redis, prefix=f"{world}:"),
            nats=replace(base.nats, prefix=f"{world}_"),
            commands=replace(base.commands, port=commands),
            queries=replace(base.queries, port=queries),
            gateway=replace(
                base.gateway,
                port=gateway,
                commands_endpoint=f"127.0.0.1:{commands}",
                queries_endpoint=f"127.0.0.1:{queries}",
            ),
        )

    def agora(
        self, settings: Settings, *arguments: str, ready: Callable[[], bool] = lambda: True
    ) -> Process:
        """One of Agora's own processes, such as `agora serve commands`, reading these settings.

        It is yours to start, kill and pause; the end of the run ends it at the latest. Start it
        from the main thread, with which it dies.
        """
        name = f"agora-{len(self._started)}-{'-'.join(arguments)}"
        recipe = Recipe(
            name=name,
            argv=(sys.executable, "-m", "cli.main", *arguments),
            ready=ready,
            environ=variables_of(settings),
        )
        logs = self.kafka.log_file.parent
        process = Process(recipe, logs / f"{name}.log", dies_with_parent=True)
        self._started.append(process)
        return process

    async def bring_back_kafka(self) -> None:
        """Start it again and wait until it serves every partition: some come later than others."""
        self.kafka.start()
        await asyncio.to_thread(self.kafka.wait_ready, RECOVERY_S)
        await _all_answer(self._base.kafka.bootstrap)

    def close(self) -> None:
        """End what `agora` made."""
        for process in self._started:
            process.kill()


class KafkaCluster:
    """Three brokers that hold three copies of everything, two of them in sync at least."""

    def __init__(self, bootstrap: str, brokers: Sequence[Process]) -> None:
        self.bootstrap = bootstrap
        self.brokers = brokers

    def joined(self, settings: Settings) -> Settings:
        """`settings` with this cluster in place of the single broker."""
        kafka = replace(settings.kafka, bootstrap=self.bootstrap, replication_factor=BROKERS)
        return replace(settings, kafka=kafka)


@contextmanager
def running_stack() -> Iterator[Stack]:
    """All servers, serving; stopped and their data removed at the end."""
    with _folder() as folder:
        base = _base_settings(folder)
        ensure_keys(base)
        recipes = server_recipes(base, folder, JARS, durable=False)
        with _running(recipes, folder) as servers:
            stack = Stack(base, servers)
            try:
                yield stack
            finally:
                stack.close()


@contextmanager
def running_cluster() -> Iterator[KafkaCluster]:
    """Three brokers, serving; stopped and their data removed at the end."""
    with _folder() as folder:
        ports = free_ports(2 * BROKERS)
        nodes = tuple(
            kafka_broker.Node(number, port, controller, folder / str(number))
            for number, port, controller in zip(
                range(1, BROKERS + 1), ports[:BROKERS], ports[BROKERS:], strict=True
            )
        )
        cluster = kafka_broker.Cluster(nodes, JARS, kafka_broker.new_cluster_id())
        recipes = [kafka_broker.recipe(cluster, node) for node in nodes]
        with _running(recipes, folder) as brokers:
            yield KafkaCluster(",".join(f"127.0.0.1:{node.port}" for node in nodes), brokers)


@contextmanager
def paused(server: Process) -> Iterator[None]:
    """Freezes a server and its children: they keep their connections and answer nobody."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    pids = [server.pid, *map(int, children)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody listens on, all different."""
    probes: list[socket.socket] = []
    try:
        while len(probes) < count:
            probe = socket.socket()
            try:
                probe.bind(("127.0.0.1", secrets.choice(PORTS)))
            except OSError:
                probe.close()
            else:
                probes.append(probe)
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


async def _all_answer(bootstrap: str) -> None:
    patience = {"bootstrap_servers": bootstrap, "request_timeout_ms": RECOVERY_S * 1000}
    admin = AIOKafkaAdminClient(**patience)
    try:
        await admin.start()
        described = await admin.describe_topics()
    finally:
        await admin.close()
    places = [
        TopicPartition(topic["topic"], partition["partition"])
        for topic in described
        for partition in topic["partitions"]
    ]
    async with AIOKafkaConsumer(**patience) as consumer:
        await consumer.end_offsets(places)


def _base_settings(folder: Path) -> Settings:
    defaults = Settings()
    kafka, controller, postgres, redis, nats = free_ports(5)
    keys = folder / "keys"
    return replace(
        defaults,
        kafka=replace(defaults.kafka, bootstrap=f"127.0.0.1:{kafka}"),
        postgres=replace(
            defaults.postgres, dsn=f"postgresql://agora:agora@127.0.0.1:{postgres}/agora"
        ),
        redis=replace(defaults.redis, url=f"redis://127.0.0.1:{redis}/0"),
        nats=replace(defaults.nats, url=f"nats://127.0.0.1:{nats}"),
        limits=replace(defaults.limits, lifted_on_loopback=True),
        auth=replace(defaults.auth, signing_key_file=keys / "signing.pem"),
        crypto=replace(
            defaults.crypto,
            master_key_file=keys / "master.key",
            id_key_file=keys / "id.key",
            digest_key_file=keys / "digest.key",
        ),
        local=replace(defaults.local, home=folder, kafka_controller_port=controller),
    )


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for this run. One that a killed run left behind is removed on the way."""
    for left in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        owner = left.name.removeprefix(FOLDER).partition("-")[0]
        if owner.isdigit() and procfs.identify(int(owner)) is None:
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(recipes: Sequence[Recipe], folder: Path) -> Iterator[list[Process]]:
    processes = [
        Process(recipe, folder / "logs" / f"{recipe.name}.log", dies_with_parent=True)
        for recipe in recipes
    ]
    try:
        # Spawned here and not by the threads: a child dies with the very thread that started it.
        with ThreadPoolExecutor() as threads:
            prepared = [threads.submit(recipe.prepare) for recipe in recipes]
        for process, preparation in zip(processes, prepared, strict=True):
            preparation.result()
            process.spawn()
        for process in processes:
            process.wait_ready()
        yield processes
    finally:
        for process in reversed(processes):
            process.kill()
