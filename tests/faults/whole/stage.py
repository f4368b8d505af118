"""Every process of a deployment: the servers, and Agora's own, several of those that may be."""

import asyncio
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
from msgspec.structs import replace

from infra.config import Settings
from infra.local.process import Process, answers
from infra.log import topics
from tests.faults.armed import Armed
from tests.faults.instance import DETOUR
from tests.faults.whole.cables import Cables
from tests.projections.workers import nimble
from tests.stack import KafkaCluster, Stack, free_ports

COMMANDS: Final = 3
WORKERS: Final = 2
START_S: Final = 90.0
HEALTH: Final = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
PLENTY: Final = 1_000_000
REACHED: Final = {
    "postgres": ("postgres", "dsn"),
    "nats": ("nats", "url"),
    "redis": ("redis", "url"),
    "queries": ("gateway", "queries_endpoint"),
}
"""The settings that say where a server is."""


class Stage:
    """What runs. Whatever was killed or frozen is put right by `mend`."""

    def __init__(
        self,
        stack: Stack,
        brokers: Sequence[Process],
        settings: Settings,
        folder: Path,
        cables: Cables,
    ) -> None:
        self.settings = settings
        self.folder = folder
        self.cables = cables
        self.brokers = brokers
        self.postgres, self.redis, self.nats = stack.postgres, stack.redis, stack.nats
        self._crashes: list[str] = []
        self.commands = [
            self._listening(
                f"commands-{number}", "commands", port, self._detour("commands", number)
            )
            for number, port in enumerate(command_ports(settings))
        ]
        self._numbers = itertools.count()
        self.workers = [self._worker() for _ in range(WORKERS)]
        queries = through(settings, cables, "queries redis")
        self.queries = self._listening("queries", "queries", settings.queries.port, given=queries)
        self.gateway = Armed(
            "gateway",
            ("gateway",),
            through(settings, cables, "gateway queries", "gateway nats"),
            folder,
            ready=lambda: answers(settings.gateway.port, HEALTH, b" 200 "),
        )

    @property
    def armed(self) -> Sequence[Armed]:
        """All of Agora's own processes."""
        return (*self.commands, *self.workers, self.queries, self.gateway)

    @property
    def servers(self) -> Sequence[Process]:
        """Kafka's brokers, PostgreSQL, Redis and NATS."""
        return *self.brokers, self.postgres, self.redis, self.nats

    @property
    def crashes(self) -> Sequence[str]:
        """How processes of Agora's ended that nobody had ended."""
        return [*self._crashes, *(text for armed in self.armed for text in armed.crashes)]

    def _listening(
        self,
        name: str,
        side: str,
        port: int,
        environ: Mapping[str, str] | None = None,
        given: Settings | None = None,
    ) -> Armed:
        own = _on_port(given or self.settings, side, port)
        ready = lambda: answers(port, b"", b"")  # noqa: E731  One line says it.
        return Armed(name, (side,), own, self.folder, ready, environ)

    def _worker(self) -> Armed:
        """The first one goes through cables: the others see what it is like without."""
        number = next(self._numbers)
        settings, ready = self.settings, lambda: True
        if number == 0:
            settings = through(settings, self.cables, "workers postgres", "workers nats")
        environ = self._detour("workers", number)
        name = f"projections-{number}"
        return Armed(name, ("projections",), settings, self.folder, ready, environ)

    def _detour(self, side: str, number: int) -> Mapping[str, str]:
        """The first process of a side reaches Kafka through a cable."""
        if number:
            return {}
        ports = map(_port_of, self.settings.kafka.bootstrap.split(","))
        detours = (f"{port}:{self.cables.lay(f'{side} kafka', port)}" for port in ports)
        return {DETOUR: ",".join(detours)}

    def add_worker(self) -> Armed:
        """One more worker, started."""
        worker = self._worker()
        self.workers.append(worker)
        worker.process.start()
        return worker

    def remove_worker(self, worker: Armed) -> None:
        """Kills a worker for good."""
        self.workers.remove(worker)
        self._crashes += worker.crashes
        worker.process.kill()

    async def mend(self) -> None:
        """Starts what is not running, and waits until all that listens takes calls."""
        self.cables.mend()
        for process in self.servers:
            process.resume()
            if not process.running:
                process.start()
        for process in self.servers:
            await asyncio.to_thread(process.wait_ready)
        for armed in self.armed:
            armed.disarm()
            armed.process.resume()
            armed.revive()
        await asyncio.gather(*(armed.ready() for armed in self.armed))

    async def connect(self) -> "psycopg.AsyncConnection[tuple[object, ...]]":
        """A connection to PostgreSQL with all rights, in autocommit; raises psycopg.Error."""
        return await psycopg.AsyncConnection.connect(self.settings.postgres.dsn, autocommit=True)

    @property
    def schema(self) -> str:
        """Where the tables are."""
        return self.settings.postgres.schema

    def logged(self, words: str) -> list[str]:
        """The lines of all logs of Agora's own processes that hold the words."""
        files = sorted(self.folder.glob("*.log"))
        return [
            f"{file.name}: {line}"
            for file in files
            for line in file.read_text(errors="replace").splitlines()
            if words in line
        ]


@contextmanager
def running_stage(
    stack: Stack, folder: Path, cluster: KafkaCluster | None = None
) -> Iterator[Stage]:
    """All processes, started; killed at the end. The servers are the stack's.

    The brokers are those of the `cluster`, if there is one.
    """
    settings = _roomy(stack.settings())
    brokers: Sequence[Process] = [stack.kafka]
    if cluster is not None:
        settings, brokers = cluster.joined(settings), cluster.brokers
    asyncio.run(topics.ensure(settings))
    cables = Cables()
    stage = Stage(stack, brokers, settings, folder, cables)
    try:
        for armed in stage.armed:
            armed.process.start()
        for armed in stage.armed:
            armed.process.wait_ready(START_S)
        yield stage
    finally:
        for armed in stage.armed:
            armed.process.kill()
        cables.close()


def through(settings: Settings, cables: Cables, *names: str) -> Settings:
    """The settings with the addresses at the near ends of these cables."""
    for name in names:
        section, field = REACHED[name.partition(" ")[2]]
        part = getattr(settings, section)
        address = getattr(part, field)
        port = str(_port_of(address))
        near = address.replace(f":{port}", f":{cables.lay(name, int(port))}")
        settings = replace(settings, **{section: replace(part, **{field: near})})
    return settings


def _port_of(address: str) -> int:
    """The port in an address: what stands behind the last colon."""
    return int(address.rpartition(":")[2].partition("/")[0])


def command_ports(settings: Settings) -> list[int]:
    """The ports of the command processes, as the gateway knows them."""
    listed = settings.gateway.commands_endpoint.removeprefix("ipv4:").split(",")
    return [int(each.rpartition(":")[2]) for each in listed]


def _roomy(settings: Settings) -> Settings:
    """Limits that are asked for each request and never reached, quick hashes and rebalances."""
    endpoints = ",".join(f"127.0.0.1:{port}" for port in free_ports(COMMANDS))
    return replace(
        settings,
        auth=replace(settings.auth, hash_effort="cheap", access_token_minutes=1440),
        projections=nimble(settings).projections,
        gateway=replace(settings.gateway, commands_endpoint=f"ipv4:{endpoints}"),
        limits=replace(
            settings.limits,
            lifted_on_loopback=False,
            **dict.fromkeys(("reads_burst", "reads_per_10s"), PLENTY),
            **dict.fromkeys(("writes_burst", "writes_per_10s"), PLENTY),
            **dict.fromkeys(("sensitive_burst", "sensitive_per_minute"), PLENTY),
        ),
    )


def _on_port(settings: Settings, side: str, port: int) -> Settings:
    if side == "queries":
        return settings
    return replace(settings, commands=replace(settings.commands, port=port))
