"""One run: people use Agora, faults strike one after the other, and the judge looks at the rest."""

import asyncio
import logging
import random
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import psycopg
from msgspec import Struct, field

from tests.faults.future import TYPE
from tests.faults.whole.bursts import Bursts
from tests.faults.whole.edge import Edge
from tests.faults.whole.kinds import KINDS, NotPassed, Scene
from tests.faults.whole.people import Society
from tests.faults.whole.schedule import LAST, Fault
from tests.faults.whole.sentinels import Sentinels, Unhealthy
from tests.faults.whole.stage import Stage
from tests.faults.whole.strangers import Strangers, records
from tests.faults.whole.watchers import Watchers
from tests.judge import tables
from tests.judge.evidence import Evidence, Snapshot, keep
from tests.judge.findings import Finding
from tests.judge.seals import Public
from tests.judge.verdict import findings_of

PEOPLE: Final = 16
WATCHING: Final = 8
"""So many of them have a page open."""
CALM_S: Final = 0.3
CAUGHT_UP_S: Final = 60.0
CLOSING_S: Final = 60.0
BUG: Final = "stopped at a bug"

_log = logging.getLogger(__name__)


class Struck(Struct, frozen=True):
    """A fault that struck: how long until all was served again, or why it did not count."""

    fault: Fault
    healthy_s: float = 0.0
    missed: str = ""


class Outcome(Struct, kw_only=True):
    """What a run came to."""

    seed: int
    struck: list[Struck] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    evidence: Evidence | None = None
    told: dict[str, int] = {}
    seconds: float = 0.0


class Run:
    """Faults on a stage that is running, under load."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.outcome = Outcome(seed=seed)
        self._stage = stage
        self._dice = random.Random(seed)
        self._edge = Edge(stage.settings.gateway.port)
        self._society = Society(self._edge, seed, PEOPLE)
        watching = self._society.people[:WATCHING]
        self._watchers = Watchers(self._edge, stage.settings.gateway.port, seed, watching)
        self._bursts = Bursts(self._edge, self._society)
        self._strangers = Strangers(stage.settings)
        self._id_key = stage.settings.crypto.id_key_file.read_bytes()
        log = stage.settings.log
        counts = {"people": log.people_partitions, "posts": log.posts_partitions}
        self._sentinels = Sentinels(self._edge, self._society, Public(self._id_key), counts)
        self._snapshots: list[Snapshot] = []
        self._set_back: list[tuple[float, float]] = []

    async def through(self, faults: Iterable[Fault], until: float) -> Outcome:
        """All faults up to the moment `until` (`time.monotonic`), and those that end every run."""
        started = time.monotonic()
        async with AsyncExitStack() as opened:
            await opened.enter_async_context(self._edge)
            await self._society.register()
            await self._bursts.enter()
            await self._sentinels.post()
            await opened.enter_async_context(self._watchers)
            living = [
                *(asyncio.create_task(self._society.live(one)) for one in range(PEOPLE)),
                *(asyncio.create_task(self._watchers.watch(one)) for one in range(WATCHING)),
            ]
            try:
                for fault in faults:
                    if time.monotonic() > until:
                        break
                    await self._strike(fault)
                for fault in LAST:
                    await self._strike(fault)
            except asyncio.CancelledError:
                # Ctrl-C: no answer is waited for.
                for task in living:
                    task.cancel()
                raise
            finally:
                await self._close(living)
        self.outcome.told = self._watchers.told
        await self._judge()
        self.outcome.seconds = time.monotonic() - started
        return self.outcome

    async def _strike(self, fault: Fault) -> None:
        _log.info("%s", fault)
        scene = Scene(self._stage, self._dice, self._bursts, self._strangers)
        try:
            over_at = await KINDS[fault.kind](scene, fault)
        except NotPassed as reason:
            self.outcome.struck.append(Struck(fault, missed=str(reason)))
            await self._stage.mend()
            return
        mending = asyncio.create_task(self._stage.mend())
        try:
            healthy_s = await self._sentinels.healthy(over_at)
        except Unhealthy as reason:
            self.outcome.findings.append(Finding("healthy", f"{fault}: {reason}"))
            healthy_s = time.monotonic() - over_at
        await mending
        if scene.went_back_at is not None:
            self._set_back.append((scene.went_back_at, time.monotonic()))
        self.outcome.struck.append(Struck(fault, healthy_s))
        _log.info("    served again after %.2f s", healthy_s)
        await self._look(f"after {fault}")
        await asyncio.sleep(CALM_S)

    async def _look(self, label: str) -> None:
        """What the tables hold now, beside their checkpoints."""
        settings = self._stage.settings.postgres
        try:
            self._snapshots.append(await tables.snapshot(settings.dsn, settings.schema, label))
        except psycopg.OperationalError as problem:
            _log.info("no look %s: %s", label, problem)

    async def _close(self, living: Iterable["asyncio.Task[None]"]) -> None:
        """Until the outcome of everything that was asked is known, or time is over."""
        self._edge.closing = True
        _, pending = await asyncio.wait(living, timeout=CLOSING_S)
        for task in pending:
            task.cancel()
        for task in living:
            if task.done() and not task.cancelled():
                task.result()

    async def _judge(self) -> None:
        log = await self._log()
        await self._caught_up(log)
        await self._look("at the end")
        settings = self._stage.settings
        self.outcome.evidence = Evidence(
            seed=self.outcome.seed,
            log=log,
            keys=await tables.wrapped_keys(settings.postgres.dsn, settings.postgres.schema),
            master_key=settings.crypto.master_key_file.read_bytes(),
            id_key=self._id_key,
            snapshots=self._snapshots,
            history=self._edge.history,
            planted=self._strangers.planted,
            harmless=[TYPE],
            set_back=self._set_back,
        )
        self.outcome.findings += findings_of(self.outcome.evidence)
        bugs = (*self._stage.logged(BUG), *self._stage.crashes)
        self.outcome.findings += [Finding("faultless", text) for text in bugs]

    async def _log(self) -> dict[str, list[tuple[bytes, bytes | None]]]:
        settings = self._stage.settings
        counts = {
            "people": settings.log.people_partitions,
            "names": settings.log.names_partitions,
            "posts": settings.log.posts_partitions,
        }
        return {
            f"{topic}-{number}": await records(
                settings.kafka.bootstrap, f"{settings.kafka.prefix}{topic}", number
            )
            for topic, count in counts.items()
            for number in range(count)
        }

    async def _caught_up(self, log: dict[str, list[tuple[bytes, bytes | None]]]) -> None:
        """Until every model has consumed what the log holds; a finding if that takes too long."""
        settings, deadline = self._stage.settings.postgres, time.monotonic() + CAUGHT_UP_S
        while True:
            snap = await tables.snapshot(settings.dsn, settings.schema, "")
            behind = [
                f"{model} in {partition} is at {offset} of {len(log[partition])}"
                for model, reached in snap.checkpoints.items()
                for partition, offset in reached.items()
                if offset + 1 < len(log[partition])
            ]
            if not behind:
                return
            if time.monotonic() > deadline:
                self.outcome.findings += [Finding("healthy", text) for text in behind]
                return
            await asyncio.sleep(0.2)


def leave(outcome: Outcome, folder: Path) -> Path:
    """Keeps the evidence for whoever wants to judge it again."""
    file = folder / "evidence"
    if outcome.evidence is not None:
        keep(outcome.evidence, file)
    return file
