"""`agora parked retry` and `drop`: apply parked records, or skip one for good."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from msgspec import Struct

from cli import known
from cli.operator import operator_name
from cli.output import FAILED, UNUSABLE, DryRun, Failure, Json, Yes, confirm, examples, result
from cli.progress import Steps
from cli.reaching import opened_store, partition_named, patient_log
from events.topics import Partition
from infra.config import Settings, load
from infra.crypto.key_vault import TABLES
from infra.crypto.keyring import open_keyring
from infra.crypto.keys import load_key
from infra.postgres.pool import Pool
from infra.postgres.schema import ensure
from infra.worker import parking
from infra.worker.checkpoints import Connection
from infra.worker.parking import Parked, Place
from infra.worker.progress import Halted, Overtaken
from projections.models import MODELS
from projections.retrying import Outcome, Retrying

Model = Annotated[str, typer.Argument(help="The read model.")]
Where = Annotated[str, typer.Argument(help="The partition, such as people-0.")]
At = Annotated[int, typer.Argument(min=0, help="The offset.")]
Everything = Annotated[bool, typer.Option("--all", help="All parked records of all read models.")]
Shard = Annotated[str | None, typer.Option("--shard", help="With a model: only this shard.")]
Why = Annotated[str, typer.Option("--reason", help="Why it may be skipped; shown by `list`.")]


class Tried(Struct, frozen=True):
    """What came of a retry, shard by shard."""

    applied: int
    shards: Sequence[Outcome]


class Doomed(Struct, frozen=True):
    """A record that would be dropped, why it is set aside, and how many would be tried after it."""

    model: str
    partition: str
    offset: int
    shard: str
    reason: str
    behind: int


@examples(
    "agora parked retry notifications people-0 42    this record, the first of its shard",
    "agora parked retry notifications --shard 01890a5d-ac96-774b-bcce-b302099a8057",
    "agora parked retry notifications",
    "agora parked retry --all",
)
def retry(
    model: Annotated[str | None, typer.Argument(help="A read model.")] = None,
    partition: Annotated[str | None, typer.Argument(help="A partition of it.")] = None,
    offset: Annotated[int | None, typer.Argument(min=0, help="One record there.")] = None,
    shard: Shard = None,
    everything: Everything = False,
    json: Json = False,
) -> None:
    """Apply parked records in shard order, one transaction each.

    Run it once the cause is fixed, with the version that the workers run. What fails again stays
    parked, with the new reason.

    Exit codes: 0 all were applied, 1 some still fail, 2 wrong usage, a different version, or a
    server cannot be reached.
    """
    if everything == (model is not None) or (shard is not None and partition is not None):
        advice = "--all, or a model with or without --shard, or model, partition and offset"
        raise Failure("Nothing to retry was named.", advice, UNUSABLE)
    if partition is not None and offset is None:
        raise Failure("A partition needs an offset after it.", "agora parked list", UNUSABLE)
    if model is not None:
        require_model(model)
    settings = load(os.environ)
    if model is not None and partition is not None and offset is not None:
        place = partition_named(settings, partition)
        outcomes = [asyncio.run(_one(settings, model, place, offset))]
    else:
        outcomes = asyncio.run(_shards(settings, model, shard))
    whose = "Nothing" if shard is None else f"Nothing of {shard}"
    _tell(outcomes, json, f"{whose} is set aside.")


@examples(
    "agora parked drop notifications people-0 42 --reason 'a test of last week'",
    "agora parked drop notifications people-0 42 --dry-run",
)
def drop(
    model: Model,
    partition: Where,
    offset: At,
    reason: Why = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Skip a shard's first parked record for good, and apply the rest.

    The log keeps it; the read model does without it until it is rebuilt. `agora parked list` shows
    who dropped it, when and why.

    Exit codes: 0 done, 1 a later record fails or the answer was no, 2 wrong usage, a different
    version, or a server cannot be reached.
    """
    require_model(model)
    settings = load(os.environ)
    place = partition_named(settings, partition)
    if dry_run:
        doomed = asyncio.run(_doomed(settings, model, place, offset))
        result(doomed, _doomed_text(doomed), json)
        return
    if not reason.strip():
        raise Failure("A reason is required.", "add --reason", UNUSABLE)
    confirm(f"Let {model} do without {place} at offset {offset}, for good?", yes)
    outcome = asyncio.run(_drop(settings, model, place, offset, reason.strip()))
    _tell([outcome], json)


def require_model(name: str) -> None:
    """Raises Failure for a read model that does not exist."""
    known.require(name, [one.name for one in MODELS], "read model")


async def required(connection: Connection, model: str, partition: Partition, offset: int) -> Parked:
    """The record that the live build set aside there; raises Failure."""
    one = await parking.record(connection, model, partition, offset)
    if one is None:
        require_model(model)
        message = f"{model} has set nothing aside in {partition} at offset {offset}."
        raise Failure(message, "agora parked list")
    return one


async def _shards(settings: Settings, model: str | None, shard: str | None) -> list[Outcome]:
    async with _retrying(settings) as (pool, retrying):
        async with pool.connection() as connection:
            found = await parking.shards(connection, model)
        places = [one.place for one in found if shard in (None, one.shard)]
        if not places:
            return []
        with Steps() as steps:
            steps.begin("trying shards again", len(places))
            outcomes = []
            for place in places:
                outcomes.append(await retrying.shard(place))
                steps.advance()
            steps.end()
        return outcomes


async def _one(settings: Settings, model: str, partition: Partition, offset: int) -> Outcome:
    async with _retrying(settings) as (pool, retrying):
        place = await _standing(pool, model, partition, offset)
        return await retrying.shard(place, at_most=1)


async def _drop(
    settings: Settings, model: str, partition: Partition, offset: int, why: str
) -> Outcome:
    async with _retrying(settings) as (pool, retrying):
        await _standing(pool, model, partition, offset)
        async with pool.connection() as connection:
            one = await required(connection, model, partition, offset)
        try:
            await retrying.drop(one, operator_name(), why)
        except LookupError as problem:
            raise Failure(str(problem), "agora parked list") from problem
        return await retrying.shard(one.place)


async def _doomed(settings: Settings, model: str, partition: Partition, offset: int) -> Doomed:
    async with opened_store(settings) as pool:
        place = await _standing(pool, model, partition, offset)
        async with pool.connection() as connection:
            one = await required(connection, model, partition, offset)
            found = await parking.shards(connection, model)
    behind = sum(shard.records - 1 for shard in found if shard.place == place)
    return Doomed(model, str(partition), offset, place.shard, one.reason or "", behind)


def _doomed_text(one: Doomed) -> str:
    return (
        f"Would skip {one.partition} at offset {one.offset} for good: {one.reason}\n"
        f"Records behind it, which would be tried: {one.behind:,}."
    )


async def _standing(pool: Pool, model: str, partition: Partition, offset: int) -> Place:
    """The shard of a record that nothing stands before; raises Failure."""
    async with pool.connection() as connection:
        one = await required(connection, model, partition, offset)
        first = await parking.first(connection, one.place)
    if first is not None and first.offset != offset:
        message = f"Offset {offset} waits behind {first.offset}, the first of its shard."
        raise Failure(message, f"the same with {first.offset}")
    return one.place


@asynccontextmanager
async def _retrying(settings: Settings) -> AsyncIterator[tuple[Pool, Retrying]]:
    master = load_key("crypto.master_key_file", settings.crypto.master_key_file)
    models = {model.name: model for model in MODELS}
    async with opened_store(settings, read_only=False) as pool, patient_log(settings) as log:
        await ensure(pool, settings, TABLES)
        keys = await open_keyring(pool, master)
        try:
            yield pool, Retrying(pool, log, keys, models)
        except Halted as problem:
            raise Failure(str(problem), "agora projections list", UNUSABLE) from problem
        except Overtaken as problem:
            raise Failure(str(problem), "run the same command again") from problem


def _tell(outcomes: Sequence[Outcome], json: bool, nothing: str = "") -> None:
    tried = Tried(sum(one.applied for one in outcomes), outcomes)
    failed = [one for one in outcomes if one.reason]
    if failed:
        lines = [
            f"{one.place.model} in {one.place.partition} stands at {one.offset}: {one.reason}"
            for one in failed
        ]
        advice = "agora parked show; mend the cause, then agora parked retry"
        raise Failure("\n".join([f"Applied {tried.applied:,}.", *lines]), advice, FAILED, tried)
    text = f"Applied {tried.applied:,} records." if outcomes else nothing
    result(tried, text, json)
