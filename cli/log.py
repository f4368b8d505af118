"""`agora log`: inspects the log."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import aclosing
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer
from msgspec import Struct
from msgspec.structs import replace

from cli.group import group
from cli.log_check import check
from cli.log_reveal import Reader, Reveal, reading
from cli.log_tail import tail
from cli.output import UNUSABLE, Failure, Json, examples, result, table
from cli.reaching import Opened, opened_log, partition_named, reaching
from events import record
from events.record import DamagedRecord, Decision
from events.topics import Partition
from infra.config import Settings, load
from infra.log.cloudevents import CloudEvent
from infra.log.scan import Scanned, scan, scanned, tenure_at
from infra.log.topics import all_partitions


class Extent(Struct, frozen=True):
    """One partition: how many records, and the last of them."""

    partition: str
    end: int
    last_kind: str
    last_at: str


class Shown(Struct, frozen=True, omit_defaults=True):
    """One record. `counts` is the accept rule's word, `owner` who owned the partition there."""

    partition: str
    offset: int
    kind: str
    counts: bool
    owner: str
    damage: str = ""
    record: Any = None
    events: Sequence[CloudEvent] = ()


@examples("agora log info", "agora log info --json")
def info(json: Json = False) -> None:
    """Show each partition's end and last record.

    Exit codes: 0 done, 2 Kafka cannot be reached.
    """
    settings = load(os.environ)
    with reaching():
        extents = asyncio.run(_extents(settings))
    kafka = settings.kafka
    heading = f"Brokers: {kafka.bootstrap}\nPrefix:  {kafka.prefix or 'none'}\n\n"
    rows = [[each.partition, str(each.end), each.last_kind, each.last_at] for each in extents]
    shown = table(["PARTITION", "RECORDS", "LAST", "AT"], rows)
    result(extents, heading + shown, json)


@examples(
    "agora log show people-0 42",
    "agora log show 01890a5d-ac96-774b-bcce-b302099a8057    a decision, by its id",
    "agora log show people-0 42 --reveal",
)
def show(
    what: Annotated[str, typer.Argument(help="A partition such as people-0, or a decision's id.")],
    offset: Annotated[int | None, typer.Argument(min=0, help="With a partition.")] = None,
    reveal: Reveal = False,
    json: Json = False,
) -> None:
    """Show one record: whether it counts, and its events.

    The events are printed as CloudEvents.

    Exit codes: 0 done, 1 there is no such record, 2 wrong usage or Kafka cannot be reached.
    """
    settings = load(os.environ)
    with reaching():
        if offset is None:
            shown = asyncio.run(_by_id(settings, _decision_id(what), reveal))
        else:
            partition = partition_named(settings, what)
            shown = asyncio.run(_by_offset(settings, partition, offset, reveal))
    text = msgspec.json.format(msgspec.json.encode(shown, enc_hook=str)).decode()
    result(shown, text, json)


async def _extents(settings: Settings) -> list[Extent]:
    async with opened_log(settings) as opened:
        partitions = all_partitions(settings)
        return list(await asyncio.gather(*(_extent(opened, each) for each in partitions)))


async def _extent(opened: Opened, partition: Partition) -> Extent:
    end = await opened.log.end(partition)
    if end == 0:
        return Extent(str(partition), 0, "-", "-")
    [entry] = await opened.log.read(partition, end - 1, end)
    try:
        last = record.decode(entry.value)
    except DamagedRecord:
        return Extent(str(partition), end, "damaged", "-")
    return Extent(str(partition), end, _kind(last), last.at.isoformat())


async def _by_offset(settings: Settings, partition: Partition, offset: int, reveal: bool) -> Shown:
    async with opened_log(settings) as opened, reading(settings, reveal) as reader:
        entries = await opened.log.read(partition, offset, offset + 1)
        if not entries:
            end = await opened.log.end(partition)
            raise Failure(f"{partition} ends at offset {end}.", "agora log info")
        near = await opened.near(partition)
        tenure = await tenure_at(opened.log, partition, offset, near)
        return await _shown(scanned(partition, tenure, entries[0]), reader)


async def _by_id(settings: Settings, wanted: UUID, reveal: bool) -> Shown:
    async with opened_log(settings) as opened, reading(settings, reveal) as reader:
        for partition in all_partitions(settings):
            async with aclosing(scan(opened.log, partition)) as items:
                async for item in items:
                    if item.record is not None and item.record.id == wanted:
                        return await _shown(item, reader)
    raise Failure(f"No record has the id {wanted}.", "agora log tail")


async def _shown(item: Scanned, reader: Reader) -> Shown:
    found, offset = item.record, item.entry.offset
    events: Sequence[CloudEvent] = ()
    if isinstance(found, Decision):
        events = await reader.documents(item.partition, offset, found)
        # Events are shown as documents: their recorded data is not text.
        found = replace(found, facts=())
    return Shown(
        partition=str(item.partition),
        offset=offset,
        kind="damaged" if found is None else _kind(found),
        counts=item.counts,
        owner=item.tenure.owner if item.tenure.held else "",
        damage=item.damage,
        record=msgspec.to_builtins(found),
        events=events,
    )


def _kind(found: record.Record) -> str:
    return str(found.__struct_config__.tag)


def _decision_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        message = f"{text!r} is not a record's id, and a partition needs an offset after it."
        raise Failure(message, "agora log show --help", UNUSABLE) from None


app = group("Inspect the log.", {"tail": tail, "show": show, "info": info, "check": check})
