"""How the workers' subscribers are: how far behind, since when, and which stand still."""

# ruff: noqa: S608  The names in these statements are those of our own tables.

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from events.record import DamagedRecord
from events.topics import Partition, parse_partition
from infra.log.port import Log
from infra.postgres.pool import Pool, translated
from infra.worker import progress
from projections.model import Model, tables_of
from projections.models import MODELS
from projections.tables import Table, stored_name

COUNTED_MAX: Final = 100_000
"""Tables with more rows are estimated, so that asking stays cheap."""


class PartitionStatus(Struct, frozen=True):
    """One subscriber in one partition.

    `offset` is the last record consumed, `end` the offset after the log's last. `lag_seconds` is
    the age of the first record not consumed yet, 0 when there is none. `halted` says why it
    stands still, `parked` counts the records set aside.
    """

    subscriber: str
    partition: str
    offset: int
    end: int
    lag_events: int
    lag_seconds: float
    halted: str
    parked: int
    consumed_at: datetime

    @property
    def state(self) -> str:
        """`halted`, `behind` or `current`."""
        if self.halted:
            return "halted"
        return "behind" if self.lag_events else "current"


class BuildStatus(Struct, frozen=True):
    """One build of a model. `rows` is by table; `exact` is False for estimates."""

    number: int
    version: int
    state: str
    reason: str
    started_by: str
    started_at: datetime
    rows: dict[str, int]
    exact: bool


class ModelStatus(Struct, frozen=True):
    """One model; `version` is that of this version of Agora, each build has its own."""

    name: str
    version: int
    topics: tuple[str, ...]
    visibility: bool
    builds: tuple[BuildStatus, ...]


async def partition_statuses(pool: Pool, log: Log) -> list[PartitionStatus]:
    """Every subscriber that ever ran, in each of its partitions; raises Unavailable."""
    with translated():
        async with pool.connection() as connection:
            cursor = await connection.execute(
                """
                select model, partition, "offset", halted, at, (select count(*) from parked p
                    where p.model = c.model and p.build = c.build and p.partition = c.partition)
                from checkpoints c order by model, partition
                """
            )
            rows = await cursor.fetchall()
    ends = await _ends(log, {parse_partition(row[1]) for row in rows})
    return list(await asyncio.gather(*(_status(log, ends, row) for row in rows)))


async def model_statuses(pool: Pool) -> list[ModelStatus]:
    """Every model of `MODELS`, with how many rows it has; raises Unavailable."""
    return [await _model_status(pool, model) for model in MODELS]


async def _ends(log: Log, partitions: set[Partition]) -> dict[Partition, int]:
    found = await asyncio.gather(*(log.end(partition) for partition in partitions))
    return dict(zip(partitions, found, strict=True))


async def _status(log: Log, ends: dict[Partition, int], row: Sequence[object]) -> PartitionStatus:
    name, text, offset, halted, at, parked = row
    assert isinstance(text, str)
    assert isinstance(offset, int)
    assert isinstance(at, datetime)
    assert isinstance(parked, int)
    partition = parse_partition(text)
    behind = max(0, ends[partition] - offset - 1)
    return PartitionStatus(
        subscriber=str(name),
        partition=text,
        offset=offset,
        end=ends[partition],
        lag_events=behind,
        lag_seconds=await _age(log, partition, offset + 1) if behind else 0.0,
        halted=str(halted),
        parked=parked,
        consumed_at=at,
    )


async def _age(log: Log, partition: Partition, offset: int) -> float:
    """Seconds since the record at `offset` was decided; 0 for a damaged one, which has no time."""
    [read] = progress.read(await log.read(partition, offset, offset + 1))
    if isinstance(read.record, DamagedRecord):
        return 0.0
    return max(0.0, (datetime.now(UTC) - read.record.at).total_seconds())


async def _model_status(pool: Pool, model: Model) -> ModelStatus:
    with translated():
        async with pool.connection() as connection:
            cursor = await connection.execute(
                """
                select build, version, state, reason, started_by, started_at
                from builds where model = %s order by build
                """,
                (model.name,),
            )
            rows = await cursor.fetchall()
    return ModelStatus(
        name=model.name,
        version=model.version,
        topics=tuple(topic.name for topic in model.topics),
        visibility=model.visibility,
        builds=tuple([await _build_status(pool, model, row) for row in rows]),
    )


async def _build_status(pool: Pool, model: Model, row: Sequence[Any]) -> BuildStatus:
    number, version, state, reason, started_by, started_at = row
    counts = {table.name: await _rows(pool, table, number) for table in tables_of(model)}
    return BuildStatus(
        number=number,
        version=version,
        state=state,
        reason=reason,
        started_by=started_by,
        started_at=started_at,
        rows={name: count for name, (count, _) in counts.items()},
        exact=all(exact for _, exact in counts.values()),
    )


async def _rows(pool: Pool, table: Table, build: int) -> tuple[int, bool]:
    """How many rows, and whether that is exact. Another version may lack the table: it has none."""
    name = stored_name(table, build)
    limited = f"select from {name} limit {COUNTED_MAX + 1}"
    query = f"""
        select (select count(*) from ({limited}) s), (select reltuples from pg_class
            where oid = to_regclass('{name}'))
    """
    with translated():
        async with pool.connection() as connection:
            there = await connection.execute("select to_regclass(%s) is not null", (name,))
            if await there.fetchone() == (False,):
                return 0, True
            row = await (await connection.execute(query.encode())).fetchone()
    assert row is not None
    counted, estimated = row
    return (counted, True) if counted <= COUNTED_MAX else (max(counted, int(estimated)), False)
