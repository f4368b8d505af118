"""What was set aside, as operators look after it: parked records, and those that were dropped.

All of it concerns live builds. Who changes the list of a partition holds the checkpoint's row, as
workers do; once a shard is free, workers are overtaken, so that they see it.
"""

# ruff: noqa: S608  What these statements are put together from are the constants below.

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict
from psycopg import AsyncConnection
from psycopg.rows import class_row

from events.topics import Partition
from infra.worker.progress import Overtaken

DDL = (
    """
    create table if not exists dropped (
        model text not null,
        build integer not null,
        partition text not null,
        "offset" bigint not null,
        shard text not null,
        reason text not null,
        dropped_by text not null,
        why text not null,
        at timestamptz not null default now(),
        primary key (model, build, partition, "offset")
    )
    """,
)
"""`reason` is why the record was parked, `why` the word of who dropped it."""

Connection = AsyncConnection[Any]


class Place(Struct, frozen=True):
    """One shard in a build of a model."""

    model: str
    build: int
    partition: str
    shard: str


class Parked(Struct, frozen=True):
    """A record set aside. `reason` says why; None if it waits behind another or to be tried."""

    place: Place
    offset: int
    reason: str | None
    at: datetime


class ParkedShard(Struct, frozen=True):
    """The records of one shard that are set aside: the first and why, how many, since when."""

    model: str
    build: int
    partition: str
    shard: str
    offset: int
    reason: str
    records: int
    since: datetime

    @property
    def place(self) -> Place:
        """Which shard it is."""
        return Place(self.model, self.build, self.partition, self.shard)


class Dropped(Struct, frozen=True):
    """A record that was passed over for good in one build, and on whose word."""

    model: str
    build: int
    partition: str
    offset: int
    shard: str
    reason: str
    dropped_by: str
    why: str
    at: datetime


_LIVE = "join builds b on b.model = p.model and b.build = p.build and b.state = 'live'"
_AT = """
    model = %(model)s and build = %(build)s and partition = %(partition)s and shard = %(shard)s
"""
_RECORD = f'{_AT} and "offset" = %(offset)s'


async def shards(connection: Connection, model: str | None = None) -> Sequence[ParkedShard]:
    """The shards with records set aside, of that model or of all, in the order of the log."""
    async with connection.cursor(row_factory=class_row(ParkedShard)) as cursor:
        await cursor.execute(
            f"""
            select p.model, p.build, p.partition, p.shard, min(p."offset") as "offset",
                coalesce((array_agg(p.reason order by p."offset"))[1], '') as reason,
                count(*) as records, min(p.at) as since
            from parked p {_LIVE}
            where p.model = %(model)s::text or %(model)s::text is null
            group by 1, 2, 3, 4 order by p.model, p.partition, "offset"
            """.encode(),
            {"model": model},
        )
        return await cursor.fetchall()


async def record(
    connection: Connection, model: str, partition: Partition, offset: int
) -> Parked | None:
    """The record set aside at that offset by the live build of the model, if there is one."""
    return await _one(
        connection,
        'p.model = %(model)s and p.partition = %(partition)s and p."offset" = %(offset)s',
        {"model": model, "partition": str(partition), "offset": offset},
    )


async def first(connection: Connection, place: Place) -> Parked | None:
    """The record that all others of the shard wait behind; None once nothing is set aside."""
    return await _one(
        connection,
        "p.model = %(model)s and p.build = %(build)s and p.partition = %(partition)s "
        "and p.shard = %(shard)s",
        asdict(place),
    )


async def dropped(connection: Connection, model: str | None = None) -> Sequence[Dropped]:
    """What was passed over in the live builds, of that model or of all, oldest first."""
    async with connection.cursor(row_factory=class_row(Dropped)) as cursor:
        await cursor.execute(
            f"""
            select p.* from dropped p {_LIVE}
            where p.model = %(model)s::text or %(model)s::text is null order by p.at
            """.encode(),
            {"model": model},
        )
        return await cursor.fetchall()


async def hold(connection: Connection, place: Place) -> None:
    """Keep workers off the partition until the transaction ends.

    Raises `Overtaken` if that build is not live any more.
    """
    cursor = await connection.execute(
        """
        select from build_checkpoints c join builds b using (model, build)
        where c.model = %(model)s and c.build = %(build)s and c.partition = %(partition)s
            and b.state = 'live'
        for update of c
        """,
        asdict(place),
    )
    if cursor.rowcount != 1:
        raise Overtaken(f"Build {place.build} of {place.model} is not live any more.")


async def unpark(connection: Connection, one: Parked) -> None:
    """Take a record off the list, within `hold`; if it was its shard's last, workers see that."""
    place = asdict(one.place)
    await connection.execute(
        f"delete from parked where {_RECORD}".encode(), place | {"offset": one.offset}
    )
    await connection.execute(
        f"""
        update build_checkpoints set revision = revision + 1
        where model = %(model)s and build = %(build)s and partition = %(partition)s
            and not exists (select from parked where {_AT})
        """.encode(),
        place,
    )


async def refuse(connection: Connection, one: Parked, reason: str) -> None:
    """Note why a record could not be applied when it was tried again."""
    await connection.execute(
        f"update parked set reason = %(reason)s where {_RECORD}".encode(),
        asdict(one.place) | {"offset": one.offset, "reason": reason},
    )


async def drop(connection: Connection, one: Parked, dropped_by: str, why: str) -> None:
    """Take a record off the list unapplied, and note on whose word; within `hold`."""
    await connection.execute(
        """
        insert into dropped (model, build, partition, "offset", shard, reason, dropped_by, why)
        values (%(model)s, %(build)s, %(partition)s, %(offset)s, %(shard)s, %(reason)s,
            %(by)s, %(why)s)
        """,
        asdict(one.place)
        | {"offset": one.offset, "reason": one.reason or "", "by": dropped_by, "why": why},
    )
    await unpark(connection, one)


async def _one(connection: Connection, where: str, params: dict[str, Any]) -> Parked | None:
    cursor = await connection.execute(
        f"""
        select p.model, p.build, p.partition, p.shard, p."offset", p.reason, p.at
        from parked p {_LIVE} where {where} order by p."offset" limit 1
        """.encode(),
        params,
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    *place, offset, reason, at = row
    return Parked(Place(*place), offset, reason, at)
