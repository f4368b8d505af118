"""`agora parked`: the records that read models have set aside."""

import asyncio
import os
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer
from msgspec import Struct
from msgspec.structs import replace

from cli.group import group
from cli.log_reveal import Reveal, reading
from cli.output import Failure, Json, examples, result, table
from cli.parked_retry import At, Model, Where, drop, require_model, required, retry
from cli.reaching import opened_store, partition_named, patient_log
from events import record
from events.record import DamagedRecord, Decision
from events.topics import Partition
from infra.config import Settings, load
from infra.log.cloudevents import CloudEvent
from infra.worker import parking
from infra.worker.parking import Dropped, Parked, ParkedShard

Payload = Annotated[
    bool, typer.Option("--payload", help="Show its content; personal fields stay hidden.")
]
Only = Annotated[str | None, typer.Option("--model", help="Only this read model.")]


class Parking(Struct, frozen=True):
    """What is set aside in the live builds, and what was passed over for good."""

    parked: Sequence[ParkedShard]
    dropped: Sequence[Dropped]


class Shown(Struct, frozen=True, omit_defaults=True):
    """One record: where, why and since when it is set aside, and what it is.

    `first` is the offset where its shard stands.
    """

    model: str
    partition: str
    offset: int
    shard: str
    reason: str
    since: str
    first: int
    decision: str = ""
    at: str = ""
    rpc: str = ""
    types: tuple[str, ...] = ()
    damage: str = ""
    events: Sequence[CloudEvent] = ()


@examples("agora parked list", "agora parked list --model notifications --json")
def list_parked(model: Only = None, json: Json = False) -> None:
    """List the shards that are waiting, and what was dropped.

    For each shard it says which record it waits at and why; for each dropped record, who dropped it
    and why.

    Exit codes: 0 done, 2 wrong usage, or PostgreSQL cannot be reached or has no tables yet.
    """
    found = asyncio.run(_parking(load(os.environ), model))
    if model is not None and not (found.parked or found.dropped):
        # Nor is it one of another version that set something aside.
        require_model(model)
    result(found, _listed(found), json)


@examples(
    "agora parked show notifications people-0 42",
    "agora parked show notifications people-0 42 --payload",
    "agora parked show notifications people-0 42 --reveal",
)
def show(
    model: Model,
    partition: Where,
    offset: At,
    payload: Payload = False,
    reveal: Reveal = False,
    json: Json = False,
) -> None:
    """Show one parked record; its content only when asked.

    Exit codes: 0 done, 1 there is no parked record at that offset, 2 wrong usage or a server cannot
    be reached.
    """
    settings = load(os.environ)
    place = partition_named(settings, partition)
    shown = asyncio.run(_shown(settings, model, place, offset, (payload or reveal, reveal)))
    text = msgspec.json.format(msgspec.json.encode(shown, enc_hook=str)).decode()
    result(shown, text, json)


async def _parking(settings: Settings, model: str | None) -> Parking:
    async with opened_store(settings) as pool, pool.connection() as connection:
        return Parking(
            await parking.shards(connection, model), await parking.dropped(connection, model)
        )


async def _shown(
    settings: Settings, model: str, partition: Partition, offset: int, asked: tuple[bool, bool]
) -> Shown:
    payload, reveal = asked
    async with opened_store(settings) as pool, patient_log(settings) as log:
        async with pool.connection() as connection:
            one = await required(connection, model, partition, offset)
            first = await parking.first(connection, one.place)
        shown = _set_aside(one, first or one)
        entries = await log.read(partition, offset, offset + 1)
        try:
            found = record.decode(entries[0].value) if entries else None
        except DamagedRecord as damage:
            return replace(shown, damage=str(damage))
        if not isinstance(found, Decision):
            raise Failure(f"The log holds no decision at {offset}.", "agora log check")
        events: Sequence[CloudEvent] = ()
        if payload:
            async with reading(settings, reveal) as reader:
                events = await reader.documents(partition, offset, found)
    return replace(
        shown,
        decision=str(found.id),
        at=found.at.isoformat(),
        rpc=found.rpc,
        types=tuple(fact.type for fact in found.facts),
        events=events,
    )


def _set_aside(one: Parked, first: Parked) -> Shown:
    """What the list says of the record."""
    return Shown(
        model=one.place.model,
        partition=one.place.partition,
        offset=one.offset,
        shard=one.place.shard,
        reason=one.reason or "It waits behind the first of its shard.",
        since=one.at.isoformat(),
        first=first.offset,
    )


def _listed(found: Parking) -> str:
    headings = ["MODEL", "PARTITION", "OFFSET", "SHARD", "RECORDS", "SINCE", "REASON"]
    rows = [
        [
            one.model,
            one.partition,
            str(one.offset),
            one.shard,
            f"{one.records:,}",
            f"{one.since:%Y-%m-%d %H:%M:%S}",
            one.reason or "to be tried: agora parked retry",
        ]
        for one in found.parked
    ]
    parts = [table(headings, rows) if rows else "Nothing is set aside."]
    if found.dropped:
        headings = ["DROPPED FROM", "PARTITION", "OFFSET", "BY", "AT", "WHY", "IT WAS PARKED FOR"]
        gone = [
            [
                one.model,
                one.partition,
                str(one.offset),
                one.dropped_by,
                f"{one.at:%Y-%m-%d %H:%M:%S}",
                one.why,
                one.reason,
            ]
            for one in found.dropped
        ]
        parts.append(table(headings, gone))
    return "\n\n".join(parts)


app = group(
    "Look after events that read models have set aside.",
    {"list": list_parked, "show": show, "retry": retry, "drop": drop},
)
