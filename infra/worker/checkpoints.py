"""Subscribers' checkpoints and parked records in Postgres.

A checkpoint moves in the transaction that writes the rows it stands for, by an update that only
succeeds from the very state that the work began with. That update locks the row first of all, so
of two workers that a rebalance lets overlap, one finds itself overtaken and changes nothing.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from psycopg import AsyncConnection

from events.tenure import UNCLAIMED, Tenure
from events.topics import Partition
from infra.worker.progress import Accepted, Checkpoint, Overtaken

DDL = (
    """
    create table if not exists checkpoints (
        model text not null,
        partition text not null,
        "offset" bigint not null default -1,
        last_id uuid,
        tenure bytea,
        revision bigint not null default 0,
        halted text not null default '',
        at timestamptz not null default now(),
        primary key (model, partition)
    ) with (fillfactor = 50)
    """,
    """
    create table if not exists parked (
        model text not null,
        partition text not null,
        "offset" bigint not null,
        shard text not null,
        reason text,
        at timestamptz not null default now(),
        primary key (model, partition, "offset")
    )
    """,
    "create index if not exists parked_shard on parked (model, partition, shard)",
)
"""`parked.reason` is null for records that only wait behind an earlier one of their shard."""

Connection = AsyncConnection[Any]

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Tenure)


class Parked(NamedTuple):
    """A decision set aside, with the reason, or None if it waits behind another."""

    accepted: Accepted
    reason: str | None


async def load(connection: Connection, model: str, partition: Partition) -> Checkpoint:
    """The stored checkpoint; a subscriber new to the partition gets its first."""
    place = {"model": model, "partition": str(partition)}
    await connection.execute(
        "insert into checkpoints (model, partition) values (%(model)s, %(partition)s) "
        "on conflict do nothing",
        place,
    )
    cursor = await connection.execute(
        """
        select "offset", last_id, tenure, revision, halted,
            array(select distinct shard from parked p
                where p.model = c.model and p.partition = c.partition)
        from checkpoints c where model = %(model)s and partition = %(partition)s
        """,
        place,
    )
    row = await cursor.fetchone()
    if row is None:
        raise Overtaken(f"The checkpoint of {model} in {partition} was removed.")
    return _checkpoint(row)


async def move(
    connection: Connection,
    model: str,
    partition: Partition,
    before: Checkpoint,
    after: Checkpoint,
) -> None:
    """Move the checkpoint, holding its row until the transaction ends; raises `Overtaken`."""
    cursor = await connection.execute(
        """
        update checkpoints
        set "offset" = %(offset)s, last_id = %(last_id)s, tenure = %(tenure)s, halted = '',
            at = now()
        where model = %(model)s and partition = %(partition)s and "offset" = %(before)s
            and revision = %(revision)s
        """,
        {
            "offset": after.offset,
            "last_id": after.last_id,
            "tenure": _encoder.encode(after.tenure),
            "model": model,
            "partition": str(partition),
            "before": before.offset,
            "revision": before.revision,
        },
    )
    if cursor.rowcount != 1:
        raise Overtaken(f"The checkpoint of {model} in {partition} left {before.offset}.")


async def park(
    connection: Connection,
    model: str,
    partition: Partition,
    parked: Sequence[Parked],
) -> None:
    """Set decisions aside, in the transaction that moves the checkpoint over them."""
    await connection.cursor().executemany(
        'insert into parked (model, partition, "offset", shard, reason) '
        "values (%s, %s, %s, %s, %s)",
        [
            (model, str(partition), accepted.offset, accepted.decision.shard, reason)
            for accepted, reason in parked
        ],
    )


async def halt(connection: Connection, model: str, partition: Partition, reason: str) -> None:
    """Note why the subscriber stands still; readers who wait for it are told."""
    await connection.execute(
        "update checkpoints set halted = %s, at = now() where model = %s and partition = %s",
        (reason, model, str(partition)),
    )


def _checkpoint(row: tuple[Any, ...]) -> Checkpoint:
    offset, last_id, tenure, revision, halted, parked = row
    return Checkpoint(
        offset=offset,
        last_id=last_id,
        tenure=UNCLAIMED if tenure is None else _decoder.decode(tenure),
        revision=revision,
        parked=frozenset(parked),
        halted=halted,
    )
