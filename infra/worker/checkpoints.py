"""Subscribers' checkpoints and parked records in Postgres.

A checkpoint moves in the transaction that writes the rows it stands for, by an update that only
succeeds from the very state that the work began with. That update locks the row first of all, so
of two workers that a rebalance lets overlap, one finds itself overtaken and changes nothing.

A checkpoint belongs to one build of a read model (`infra.worker.builds`). Whoever makes another one
live raises the `revision` of the one that was, and so overtakes the workers that fold into it.
"""

# ruff: noqa: S608  The names in these statements are those of our own tables.

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from psycopg import AsyncConnection

from events.tenure import UNCLAIMED, Tenure
from events.topics import Partition, parse_partition
from infra.worker import builds, lane_reports, parking, pauses
from infra.worker.progress import Accepted, Build, Checkpoint, Overtaken

DDL = (
    *builds.DDL,
    *pauses.DDL,
    *lane_reports.DDL,
    *parking.DDL,
    """
    create table if not exists build_checkpoints (
        model text not null,
        build integer not null,
        partition text not null,
        "offset" bigint not null default -1,
        last_id uuid,
        tenure bytea,
        revision bigint not null default 0,
        halted text not null default '',
        at timestamptz not null default now(),
        primary key (model, build, partition)
    ) with (fillfactor = 50)
    """,
    """
    do $$ begin
        if to_regclass(format('%I.%I', current_schema(), 'checkpoints')) is null then
            create view checkpoints as
                select c.model, c.build, coalesce(b.version, 0) as version, c.partition,
                    c."offset", c.last_id, c.tenure, c.revision, c.halted, c.at
                from build_checkpoints c
                left join builds b on b.model = c.model and b.state = 'live'
                where c.build = coalesce(b.build, 0);
        end if;
    end $$
    """,
    """
    create table if not exists parked (
        model text not null,
        build integer not null,
        partition text not null,
        "offset" bigint not null,
        shard text not null,
        reason text,
        at timestamptz not null default now(),
        primary key (model, build, partition, "offset")
    )
    """,
    "create index if not exists parked_shard on parked (model, build, partition, shard)",
)
"""The view `checkpoints` shows those of the live builds, and of what has no builds.

`parked.reason` is null for records that only wait behind an earlier one of their shard.
"""

Connection = AsyncConnection[Any]

_SELECT: Final = """
    select c.partition, c.build, coalesce(b.version, 0), c."offset", c.last_id, c.tenure,
        c.revision, c.halted, c.at, array(select distinct shard from parked p
            where p.model = c.model and p.build = c.build and p.partition = c.partition)
    from build_checkpoints c left join builds b using (model, build)
"""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Tenure)


class Parked(NamedTuple):
    """A decision set aside, with the reason, or None if it waits behind another."""

    accepted: Accepted
    reason: str | None


class Step(NamedTuple):
    """A move of one checkpoint."""

    model: str
    partition: Partition
    before: Checkpoint
    after: Checkpoint


async def load(
    connection: Connection, model: str, partition: Partition, build: int | None = None
) -> Checkpoint:
    """The stored checkpoint of that build, else of the live one; a first one if there is none."""
    place = {"model": model, "partition": str(partition), "build": build}
    await connection.execute(
        """
        insert into build_checkpoints (model, build, partition)
        select %(model)s, coalesce(%(build)s::integer, (
            select build from builds where model = %(model)s and state = 'live'), 0), %(partition)s
        on conflict do nothing
        """,
        place,
    )
    # Build and checkpoint in one look: between two of them another build could become live.
    cursor = await connection.execute(
        f"""{_SELECT}
        where c.model = %(model)s and c.partition = %(partition)s
            and c.build = coalesce(%(build)s::integer, (
                select build from builds where model = %(model)s and state = 'live'), 0)
        """,
        place,
    )
    row = await cursor.fetchone()
    if row is None:
        raise Overtaken(f"The checkpoint of {model} in {partition} was removed.")
    return _checkpoint(row[1:])


async def all_of(connection: Connection, model: str, build: int) -> dict[Partition, Checkpoint]:
    """The checkpoints of a build in all its partitions."""
    cursor = await connection.execute(
        f"{_SELECT} where c.model = %s and c.build = %s",
        (model, build),
    )
    return {parse_partition(row[0]): _checkpoint(row[1:]) for row in await cursor.fetchall()}


class Stored(NamedTuple):
    """Where a subscriber's live checkpoint is in a partition, and of which rows."""

    build: int
    revision: int
    offset: int


async def live_places(
    connection: Connection, models: Sequence[str]
) -> dict[tuple[str, Partition], Stored]:
    """The checkpoints of these subscribers that are live, by name and partition."""
    cursor = await connection.execute(
        'select model, partition, build, revision, "offset" from checkpoints where model = any(%s)',
        (list(models),),
    )
    return {
        (model, parse_partition(partition)): Stored(*stored)
        for model, partition, *stored in await cursor.fetchall()
    }


async def held(connection: Connection, model: str, build: int) -> dict[Partition, int]:
    """The next offset in each partition of a build, which stays so until the transaction ends."""
    cursor = await connection.execute(
        """
        select partition, "offset" + 1 from build_checkpoints
        where model = %s and build = %s order by partition for update
        """,
        (model, build),
    )
    return {parse_partition(partition): offset for partition, offset in await cursor.fetchall()}


async def overtake(connection: Connection, model: str, build: int) -> None:
    """Let everybody who folds into the build find that it is not theirs any more."""
    await connection.execute(
        "update build_checkpoints set revision = revision + 1 where model = %s and build = %s",
        (model, build),
    )


async def move(
    connection: Connection,
    model: str,
    partition: Partition,
    before: Checkpoint,
    after: Checkpoint,
) -> datetime:
    """Move the checkpoint, holding its row until the transaction ends; when that began.

    Raises `Overtaken`.
    """
    [at] = await move_all(connection, [Step(model, partition, before, after)])
    if at is None:
        raise Overtaken(f"The checkpoint of {model} in {partition} left {before.offset}.")
    return at


async def move_all(connection: Connection, steps: Sequence[Step]) -> list[datetime | None]:
    """As `move`, of many checkpoints at once; None for each that was overtaken."""
    cursor = await connection.execute(
        """
        update build_checkpoints c
        set "offset" = step.offset, last_id = step.last_id, tenure = step.tenure, halted = '',
            at = now()
        from unnest(%(models)s::text[], %(builds)s::integer[], %(partitions)s::text[],
            %(befores)s::bigint[], %(revisions)s::bigint[],
            %(offsets)s::bigint[], %(last_ids)s::uuid[], %(tenures)s::bytea[])
            as step (model, build, partition, before, revision, "offset", last_id, tenure)
        where c.model = step.model and c.build = step.build and c.partition = step.partition
            and c."offset" = step.before and c.revision = step.revision
        returning c.model, c.partition, c.at
        """,
        {
            "models": [step.model for step in steps],
            "builds": [step.before.build.number for step in steps],
            "partitions": [str(step.partition) for step in steps],
            "befores": [step.before.offset for step in steps],
            "revisions": [step.before.revision for step in steps],
            "offsets": [step.after.offset for step in steps],
            "last_ids": [step.after.last_id for step in steps],
            "tenures": [_encoder.encode(step.after.tenure) for step in steps],
        },
        prepare=True,
    )
    moved = {(model, partition): at for model, partition, at in await cursor.fetchall()}
    return [moved.get((step.model, str(step.partition))) for step in steps]


async def store(
    connection: Connection, model: str, build: int, partition: Partition, checkpoint: Checkpoint
) -> None:
    """The first checkpoint of a build in a partition that was filled in bulk."""
    await connection.execute(
        """
        insert into build_checkpoints (model, build, partition, "offset", last_id, tenure)
        values (%s, %s, %s, %s, %s, %s)
        """,
        (
            model,
            build,
            str(partition),
            checkpoint.offset,
            checkpoint.last_id,
            _encoder.encode(checkpoint.tenure),
        ),
    )


async def park(
    connection: Connection,
    model: str,
    build: int,
    partition: Partition,
    parked: Sequence[Parked],
) -> None:
    """Set decisions aside, in the transaction that moves the checkpoint over them."""
    await connection.cursor().executemany(
        'insert into parked (model, build, partition, "offset", shard, reason) '
        "values (%s, %s, %s, %s, %s, %s)",
        [
            (model, build, str(partition), accepted.offset, accepted.decision.shard, reason)
            for accepted, reason in parked
        ],
    )


async def halt(
    connection: Connection,
    model: str,
    partition: Partition,
    reason: str,
    build: int | None = None,
) -> None:
    """Note why the subscriber stands still; readers who wait for it are told."""
    await connection.execute(
        """
        update build_checkpoints set halted = %(reason)s, at = now()
        where model = %(model)s and partition = %(partition)s
            and build = coalesce(%(build)s::integer, (
                select build from builds where model = %(model)s and state = 'live'), 0)
        """,
        {"reason": reason, "model": model, "partition": str(partition), "build": build},
    )


def _checkpoint(row: tuple[Any, ...]) -> Checkpoint:
    build, version, offset, last_id, tenure, revision, halted, at, parked = row
    return Checkpoint(
        build=Build(build, version),
        offset=offset,
        last_id=last_id,
        tenure=UNCLAIMED if tenure is None else _decoder.decode(tenure),
        revision=revision,
        parked=frozenset(parked),
        halted=halted,
        at=at,
    )
