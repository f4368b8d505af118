"""`agora generate`: appends a long invented history to the log, as if it had been decided."""

import asyncio
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Final
from uuid import uuid4

import typer
from msgspec import Struct

from cli.generated_history import APART, START, Happening, history
from cli.output import UNUSABLE, DryRun, Failure, Json, examples, result, table
from cli.progress import Steps
from cli.reaching import patient_log, reaching
from events import codec, record
from events.catalog import stream_of
from events.event import type_of
from events.record import Claim, DamagedRecord, Decision, Record, Release
from events.topics import PEOPLE, POSTS, Partition, partition_number
from infra.checkpoints.port import Saved
from infra.config import Settings, load
from infra.crypto import key_vault
from infra.crypto.keyring import KeyRing, open_keyring
from infra.crypto.keys import load_key
from infra.log import topics
from infra.log.port import Appender, AppendUnknown, Log
from infra.log.scan import tenure_at
from infra.log.topics import all_partitions, partition_count
from infra.postgres.pool import open_pool
from infra.postgres.schema import ensure

TOPICS: Final = (PEOPLE, POSTS)
SEALED_AT_ONCE: Final = 2000
APPENDED_AT_ONCE: Final = 2000

Events = Annotated[int, typer.Option("--events", "-n", min=1, help="How many events.")]
Seed = Annotated[int, typer.Option("--seed", "-s", help="The same seed gives the same history.")]
Add = Annotated[bool, typer.Option("--add", help="Append even if the log has records already.")]


class Generated(Struct, frozen=True):
    """What was appended, by type, and how quickly."""

    events: int
    seconds: float
    events_per_s: float
    by_type: dict[str, int]


@examples("agora generate --events 1000000", "agora generate -n 5000 --seed 7 --add")
def generate(
    events: Events, seed: Seed = 1, add: Add = False, dry_run: DryRun = False, json: Json = False
) -> None:
    """Fill an empty log with an invented history.

    It consists of people, follows, posts and likes, for measurements and trials; nobody in it can
    sign in. The same seed gives the same history on a log of the same length. Stop the command
    processes first; workers may keep running. What an interrupted run has appended stays.

    Exit codes: 0 done, 1 something else wrote to the log meanwhile, 2 the log is not empty or
    cannot be reached.
    """
    settings = load(os.environ)
    with reaching():
        generated = asyncio.run(_generated(settings, events, seed, add=add, dry_run=dry_run))
    result(generated, _told(generated), json)


async def _generated(
    settings: Settings, events: int, seed: int, *, add: bool, dry_run: bool
) -> Generated:
    await topics.ensure(settings)
    async with patient_log(settings) as log, open_pool(settings.postgres, role="cli") as pool:
        length = sum([await log.end(one) for one in all_partitions(settings)])
        if length and not add:
            message = f"The log has {length:,} records already."
            raise Failure(message, "agora generate --add, or agora reset first", UNUSABLE)
        if dry_run:
            return Generated(0, 0.0, 0.0, {})
        await ensure(pool, settings, key_vault.TABLES)
        crypto = settings.crypto
        keys = await open_keyring(pool, load_key("crypto.master_key_file", crypto.master_key_file))
        with Steps() as steps:
            steps.begin("generating", total=events)
            # Whatever is there has other ids: a second history must not continue its streams.
            happenings = history(events, seed + length, await _start(settings, log))
            return await _appended(settings, log, keys, happenings, steps)


async def _start(settings: Settings, log: Log) -> datetime:
    """When the history begins: after all that the log holds."""
    latest = START
    for partition in all_partitions(settings):
        end = await log.end(partition)
        for entry in await log.read(partition, max(0, end - 1), end):
            with suppress(DamagedRecord):
                latest = max(latest, record.decode(entry.value).at + APART)
    return latest


async def _appended(
    settings: Settings, log: Log, keys: KeyRing, happenings: Iterator[Happening], steps: Steps
) -> Generated:
    started = time.monotonic()
    by_type: Counter[str] = Counter()
    writers = {one: Writer(one, log) for one in all_partitions(settings, TOPICS)}
    counts = {topic: partition_count(settings, topic) for topic in TOPICS}
    try:
        for writer in writers.values():
            await writer.claim()
        while batch := list(islice(happenings, SEALED_AT_ONCE)):
            await keys.ensure([one.actor for one in batch])
            by_type.update(type_of(one.event) for one in batch)
            by_partition: defaultdict[Writer, list[Happening]] = defaultdict(list)
            for one in batch:
                number = partition_number(str(one.shard), counts[one.topic])
                by_partition[writers[Partition(one.topic.name, number)]].append(one)
            await asyncio.gather(
                *(writer.decide(each, keys) for writer, each in by_partition.items())
            )
            steps.advance(len(batch))
        for writer in writers.values():
            await writer.release()
    finally:
        for writer in writers.values():
            await writer.close()
    steps.end()
    seconds = time.monotonic() - started
    events = by_type.total()
    return Generated(events, seconds, events / seconds, dict(sorted(by_type.items())))


class Writer:
    """Appends to one partition under a claim of its own; raises Failure when it is not alone."""

    def __init__(self, partition: Partition, log: Log) -> None:
        self._partition = partition
        self._log = log
        self._epoch = uuid4()
        self._appender: Appender | None = None
        self._next = 0

    async def claim(self) -> None:
        """Take the partition over from whoever had it last."""
        self._next = await self._log.end(self._partition)
        tenure = await tenure_at(self._log, self._partition, self._next, Saved())
        self._appender = await self._log.appender(self._partition)
        await self._append("", Claim(self._epoch, tenure.epoch, "generate", "", datetime.now(UTC)))

    async def decide(self, happenings: Sequence[Happening], keys: KeyRing) -> None:
        """Append one decision for each; the keys of their authors are at hand."""
        records = [(str(one.shard), self._decision(one, keys)) for one in happenings]
        for start in range(0, len(records), APPENDED_AT_ONCE):
            await self._append_all(records[start : start + APPENDED_AT_ONCE])

    async def release(self) -> None:
        """Lay the claim down, so that the next owner need not wait."""
        await self._append("", Release(uuid4(), self._epoch, datetime.now(UTC)))

    async def close(self) -> None:
        """Let the producer go."""
        if self._appender is not None:
            await self._appender.close()

    def _decision(self, one: Happening, keys: KeyRing) -> Decision:
        stream = stream_of(one.event)
        fact = codec.encode(one.event, stream, one.version, keys)
        return Decision(
            id=uuid4(),
            epoch=self._epoch,
            shard=str(one.shard),
            stream=stream,
            rpc="generate",
            at=one.at,
            facts=(fact,),
            actor=one.actor,
        )

    async def _append(self, key: str, one: Record) -> None:
        await self._append_all([(key, one)])

    async def _append_all(self, records: Sequence[tuple[str, Record]]) -> None:
        assert self._appender is not None, "nothing is appended without a claim"
        try:
            base = await self._appender.append(
                [(key.encode(), record.encode(one)) for key, one in records]
            )
        except AppendUnknown as error:
            raise Failure(f"The log did not accept the records: {error}", "agora status") from error
        if base != self._next:
            message = f"Something else is writing to {self._partition} at offset {self._next}."
            raise Failure(message, "stop the command processes, then agora generate --add")
        self._next += len(records)


def _told(generated: Generated) -> str:
    if not generated.events:
        return "The log can be filled."
    rows = [[name, f"{count:,}"] for name, count in generated.by_type.items()]
    return (
        f"{table(['TYPE', 'EVENTS'], rows)}\n\n{generated.events:,} events in "
        f"{generated.seconds:,.1f} s ({generated.events_per_s:,.0f}/s)."
    )
