"""Worker processes as they really run, and load for them on a real log."""

import asyncio
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from msgspec.structs import replace

from events import catalog, codec, record
from events.event import Event
from events.record import Claim, Decision
from events.topics import PEOPLE, POSTS, Partition, Topic, partition_number
from infra.config import Settings
from infra.config_sources import settings_of
from infra.crypto.keyring import KeyRing
from infra.local.launch import PROMPT_WORKERS
from infra.log.port import Appender, Log, LogUnavailable
from infra.log.topics import partition_count
from schemas.refusals import Unavailable

ROOT = Path(__file__).resolve().parents[2]
EPOCH = UUID(int=0xE)
TRIES = 6


def nimble(settings: Settings) -> Settings:
    """Settings under which a killed worker's partitions move as soon as in the local stack."""
    quick = {path.removeprefix("projections."): value for path, value in PROMPT_WORKERS.items()}
    return replace(settings, projections=replace(settings.projections, **quick))


def environment(settings: Settings) -> dict[str, str]:
    """The settings as a process gets them."""
    found = {}
    for setting in settings_of(Settings):
        value = getattr(getattr(settings, setting.section), setting.name)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        found[setting.variable] = text
    return found


class Workers:
    """`agora serve projections`, several of them; logs go to `folder`."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._environment = environment(settings)
        self._folder = folder
        self._started = 0
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, module: str = "cli.main") -> None:
        """Start one more; `module` has a `main` that takes the arguments of `agora`."""
        self._started += 1
        command = f"from {module} import main; main()"
        with (self._folder / f"worker-{self._started}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", command, "serve", "projections"],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        self.running.append(process)

    def kill(self) -> None:
        """Kill -9 the one that has run longest."""
        process = self.running.pop(0)
        process.kill()
        process.wait()

    def pause(self) -> None:
        """SIGSTOP to all of them."""
        for process in self.running:
            process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT to all of them."""
        for process in self.running:
            process.send_signal(signal.SIGCONT)

    def logs(self) -> str:
        """What they all said."""
        return "\n".join(file.read_text() for file in sorted(self._folder.glob("*.log")))


@contextmanager
def workers(settings: Settings, folder: Path) -> Iterator[Workers]:
    """Workers to be, all of them killed at the end."""
    found = Workers(settings, folder)
    try:
        yield found
    finally:
        while found.running:
            found.kill()


class Load:
    """Appends decisions about people and posts to their partitions, as an owner would."""

    def __init__(self, settings: Settings, log: Log, keys: KeyRing) -> None:
        self._partitions = {topic: partition_count(settings, topic) for topic in (PEOPLE, POSTS)}
        self._log = log
        self._keys = keys
        self._versions: defaultdict[str, int] = defaultdict(int)
        self._authors: Sequence[UUID] = ()
        self.ends: dict[str, int] = {}

    async def begin(self, authors: Sequence[UUID]) -> None:
        """Make keys for the authors, and the decisions of `EPOCH` count in every partition."""
        self._authors = authors
        await self._keys.ensure(authors)
        for topic, partitions in self._partitions.items():
            for number in range(partitions):
                now = datetime.now(UTC)
                claim = Claim(id=EPOCH, previous=None, owner="load", endpoint="", at=now)
                await self._append(Partition(topic.name, number), [(b"", record.encode(claim))])

    async def decide(self, topic: Topic, decisions: Sequence[tuple[UUID, Sequence[Event]]]) -> None:
        """Append decisions, each with events of one shard of the topic."""
        # Keys are good for a minute. While PostgreSQL is away, those at hand have to do.
        with suppress(Unavailable):
            await self._keys.ensure(self._authors)
        batches: defaultdict[Partition, list[tuple[bytes, bytes]]] = defaultdict(list)
        for one, events in decisions:
            shard = str(one)
            number = partition_number(shard, self._partitions[topic])
            partition = Partition(topic.name, number)
            batches[partition].append((shard.encode(), self._decision(shard, events)))
        await asyncio.gather(*(self._append(one, batch) for one, batch in batches.items()))

    def _decision(self, shard: str, events: Sequence[Event]) -> bytes:
        facts = []
        for event in events:
            stream = catalog.stream_of(event)
            self._versions[stream] += 1
            facts.append(codec.encode(event, stream, self._versions[stream], self._keys))
        decision = Decision(
            id=uuid4(),
            epoch=EPOCH,
            shard=shard,
            stream=facts[0].stream,
            rpc="load",
            at=datetime.now(UTC),
            facts=tuple(facts),
        )
        return record.encode(decision)

    async def _appender(self, partition: Partition) -> Appender:
        """An appender, also where a broker that is just back takes its time."""
        for _ in range(TRIES - 1):
            with suppress(LogUnavailable):
                return await self._log.appender(partition)
        return await self._log.appender(partition)

    async def _append(self, partition: Partition, batch: Sequence[tuple[bytes, bytes]]) -> None:
        appender = await self._appender(partition)
        try:
            base = await appender.append(batch)
        finally:
            await appender.close()
        self.ends[str(partition)] = base + len(batch) - 1
