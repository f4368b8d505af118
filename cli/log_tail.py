"""`agora log tail`: events as CloudEvents, one document per line."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Annotated, Final

import msgspec
import typer
from msgspec import Struct

from cli.log_reveal import Reader, Reveal, reading
from cli.output import UNUSABLE, Failure, Json, examples, result, say
from cli.reaching import Opened, opened_log, partition_named, reaching
from events.catalog import TYPES, UPCASTERS
from events.record import Decision
from events.topics import Partition
from infra.config import Settings, load
from infra.log.cloudevents import CloudEvent
from infra.log.scan import Scanned, merged, scan, scanned, tenure_at
from infra.log.topics import all_partitions

CLOCKS: Final = timedelta(minutes=1)
"""How far a decision's time may be from when its record was sent, by another clock."""

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_STRETCH: Final = 200
_FURTHER: Final = 8
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

Documents = AsyncGenerator[CloudEvent, None]


class Wanted(Struct, frozen=True):
    """Which events: `types` are patterns such as `follow.*`, empty for all."""

    partitions: tuple[Partition, ...]
    types: tuple[str, ...] = ()
    shard: str = ""
    since: datetime | None = None
    last: int = 10

    def has(self, decision: Decision) -> bool:
        """Whether the decision is of the shard and time, and may hold events of the types."""
        recent = self.since is None or decision.at >= self.since
        if not recent or self.shard not in ("", decision.shard):
            return False
        # An old type shows as its successor, whose name only its data tells.
        return any(fact.type in UPCASTERS or self.shows(fact.type) for fact in decision.facts)

    def shows(self, name: str) -> bool:
        """Whether events of the type are wanted."""
        return not self.types or any(fnmatchcase(name, each) for each in self.types)


@examples(
    "agora log tail                           the last ten events",
    "agora log tail -f --type 'follow.*'      follow what comes",
    "agora log tail --since 15m               or a time, such as 2026-03-01T12:00Z, or start",
    "agora log tail --shard 0197f1f0-0000-7000-8000-00000000000a --since start",
)
def tail(
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep showing new events until Ctrl-C.")
    ] = False,
    last: Annotated[int, typer.Option("-n", min=0, help="How many events to start with.")] = 10,
    type: Annotated[  # noqa: A002
        list[str] | None, typer.Option(help="Only this event type; * matches anything. Repeatable.")
    ] = None,
    shard: Annotated[str, typer.Option(help="Only this shard, such as an account's id.")] = "",
    since: Annotated[
        str, typer.Option(help="Start at a time: 90s, 15m, 2h or 3d ago, or a date.")
    ] = "",
    partition: Annotated[list[str] | None, typer.Option(help="Only this one. Repeatable.")] = None,
    reveal: Reveal = False,
    json: Json = False,
) -> None:
    """Show the latest events as CloudEvents 1.0, one per line.

    Only events that count are shown, ordered by time.

    Exit codes: 0 done, 1 a record cannot be shown, 2 wrong usage or Kafka cannot be reached.
    """
    if json and follow:
        raise Failure(
            "--json prints one envelope, so it cannot follow.",
            "without --json: each line is JSON",
            UNUSABLE,
        )
    settings = load(os.environ)
    wanted = Wanted(
        partitions=tuple(partition_named(settings, text) for text in partition or ())
        or all_partitions(settings),
        types=tuple(_type(text) for text in type or ()),
        shard=shard,
        since=_time(since) if since else None,
        last=last,
    )
    with reaching():
        shown = asyncio.run(_tail(settings, wanted, reveal, follow, quiet=json))
    if json:
        result(shown, "", json)


async def _tail(
    settings: Settings, wanted: Wanted, reveal: bool, follow: bool, *, quiet: bool
) -> list[CloudEvent]:
    """Prints what is wanted; with `quiet` returns it instead."""
    kept: list[CloudEvent] = []
    async with opened_log(settings) as opened, reading(settings, reveal) as reader:
        ends = {each: await opened.log.end(each) for each in wanted.partitions}
        begin = _since if wanted.since else _last
        streams = [begin(opened, wanted, ends, reader)]
        if follow:
            streams.append(_following(opened, wanted, ends, reader))
        for stream in streams:
            async with aclosing(stream):
                async for document in stream:
                    if quiet:
                        kept.append(document)
                    else:
                        _print(document)
    return kept


async def _since(
    opened: Opened, wanted: Wanted, ends: Mapping[Partition, int], reader: Reader
) -> Documents:
    """What was recorded since the time asked for."""
    assert wanted.since is not None
    early = max(wanted.since, _LONG_AGO + CLOCKS) - CLOCKS
    scans = []
    for partition, end in ends.items():
        start = 0 if early == _LONG_AGO else await opened.log.offset_at(partition, early)
        scans.append(await _scan(opened, partition, start, end))
    async with aclosing(merged(scans)) as items:
        async for item in items:
            _mention_damage(item)
            for document in await _documents(item, wanted, reader):
                yield document


async def _last(
    opened: Opened, wanted: Wanted, ends: Mapping[Partition, int], reader: Reader
) -> Documents:
    """The last events before the ends, as many as asked for."""
    found: list[Scanned] = []
    for partition, end in ends.items():
        found += await _last_of(opened, wanted, partition, end)
    found.sort(key=lambda item: item.record.at if item.record else _LONG_AGO)
    documents = [each for item in found for each in await _documents(item, wanted, reader)]
    for document in documents[len(documents) - min(wanted.last, len(documents)) :]:
        yield document


async def _last_of(
    opened: Opened, wanted: Wanted, partition: Partition, end: int
) -> Sequence[Scanned]:
    """The last records of one partition that show something, reading ever further back."""
    size = _STRETCH if wanted.last else 0
    while True:
        start = max(0, end - size)
        async with aclosing(await _scan(opened, partition, start, end)) as items:
            found = [item async for item in items if await _documents(item, wanted, Reader(None))]
        if start == 0 or len(found) >= wanted.last:
            return found[len(found) - min(wanted.last, len(found)) :]
        size *= _FURTHER


async def _following(
    opened: Opened, wanted: Wanted, ends: Mapping[Partition, int], reader: Reader
) -> Documents:
    """What comes after the ends, for ever."""
    tenures = {
        partition: await tenure_at(opened.log, partition, end, await opened.near(partition))
        for partition, end in ends.items()
    }
    async with aclosing(opened.log.tail(ends)) as batches:
        async for partition, entries in batches:
            for entry in entries:
                item = scanned(partition, tenures[partition], entry)
                tenures[partition] = item.tenure
                _mention_damage(item)
                for document in await _documents(item, wanted, reader):
                    yield document


async def _scan(
    opened: Opened, partition: Partition, start: int, end: int
) -> AsyncGenerator[Scanned, None]:
    tenure = await tenure_at(opened.log, partition, start, await opened.near(partition))
    return scan(opened.log, partition, start, end, tenure)


async def _documents(item: Scanned, wanted: Wanted, reader: Reader) -> list[CloudEvent]:
    if not item.counts or not isinstance(item.record, Decision) or not wanted.has(item.record):
        return []
    documents = await reader.documents(item.partition, item.entry.offset, item.record)
    return [document for document in documents if wanted.shows(document.type)]


def _mention_damage(item: Scanned) -> None:
    if item.damage:
        say(f"agora: {item.partition} at offset {item.entry.offset} is skipped: {item.damage}")


def _print(document: CloudEvent) -> None:
    sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
    sys.stdout.flush()


def _type(text: str) -> str:
    known = [*TYPES, *UPCASTERS]
    if any(fnmatchcase(name, text) for name in known):
        return text
    near = get_close_matches(text, known, n=1)
    advice = f"--type {near[0]}" if near else f"one of {', '.join(sorted(TYPES))}"
    raise Failure(f"There is no event type {text!r}.", advice, UNUSABLE)


def _time(text: str) -> datetime:
    if text == "start":
        return _LONG_AGO
    if ago := re.fullmatch(r"(\d{1,6})([smhd])", text):
        return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        advice = "--since 15m, --since 2026-03-01T12:00Z or --since start"
        raise Failure(f"{text!r} is not a time.", advice, UNUSABLE) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
