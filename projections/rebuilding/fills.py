"""How far a build is filled: in each partition, up to which offset, and how many of its slices.

Progress moves in the transaction that copies the rows it stands for, and only from where the work
began: who is late, such as a process of a run that was given up, copies nothing.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from events.topics import Partition, parse_partition
from infra.worker.builds import Connection
from infra.worker.progress import Overtaken
from projections.rebuilding.slices import slices_for

DDL = (
    """
    create table if not exists fills (
        model text not null,
        build integer not null,
        partition text not null,
        stop bigint not null,
        slices integer not null,
        done integer not null default 0,
        primary key (model, build, partition)
    )
    """,
)
"""A build that is filling has no rows here once its tables have their keys."""


class Fill(Struct, frozen=True):
    """One partition of a build: `done` of `slices` are copied, of the records below `stop`."""

    partition: Partition
    stop: int
    slices: int
    done: int = 0


async def begin(
    connection: Connection, model: str, build: int, ends: Mapping[Partition, int]
) -> None:
    """Fix how far the build is to be filled: up to these ends of the log."""
    await connection.cursor().executemany(
        "insert into fills (model, build, partition, stop, slices) values (%s, %s, %s, %s, %s)",
        [(model, build, str(one), end, slices_for(end)) for one, end in ends.items()],
    )


async def known(connection: Connection, model: str, build: int) -> Sequence[Fill]:
    """All partitions of the build; none when it is filled, or does not exist."""
    cursor = await connection.execute(
        """
        select partition, stop, slices, done from fills
        where model = %s and build = %s order by partition
        """,
        (model, build),
    )
    return [
        Fill(parse_partition(partition), stop, slices, done)
        for partition, stop, slices, done in await cursor.fetchall()
    ]


async def advance(connection: Connection, model: str, build: int, fill: Fill, done: int) -> Fill:
    """Move on to `done` slices, holding the place; raises `Overtaken`."""
    cursor = await connection.execute(
        """
        update fills set done = %s
        where model = %s and build = %s and partition = %s and done = %s
        """,
        (done, model, build, str(fill.partition), fill.done),
    )
    if cursor.rowcount != 1:
        raise Overtaken(f"Another process fills build {build} of {model} in {fill.partition}.")
    return Fill(fill.partition, fill.stop, fill.slices, done)


async def forget(connection: Connection, model: str, build: int) -> None:
    """Nothing is left to fill, or will be."""
    await connection.execute("delete from fills where model = %s and build = %s", (model, build))
