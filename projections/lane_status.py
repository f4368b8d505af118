"""How the workers' lanes are: how far behind, since when, and which of them rest."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct
from psycopg.rows import dict_row

from events.record import DamagedRecord
from events.topics import Partition, parse_partition
from infra.log.port import Log
from infra.postgres.pool import Pool, translated
from infra.worker import lane, pauses, progress
from infra.worker.lane_reports import UNSEEN_S
from infra.worker.pauses import Pause


class State(StrEnum):
    """How a lane is, as operators see it. `UNATTENDED`: no worker has it."""

    ATTACHED = lane.State.ATTACHED.value
    CATCHING_UP = lane.State.CATCHING_UP.value
    PAUSED = lane.State.PAUSED.value
    HALTED = lane.State.HALTED.value
    UNATTENDED = "unattended"


class LaneStatus(Struct, frozen=True):
    """One subscriber in one partition.

    `offset` is the last record consumed, `end` the offset after the log's last. `lag_seconds` is
    the age of the first record not consumed yet, 0 when there is none. `halted` says why it stands
    still, `paused` who wanted it to rest, `parked` counts the records set aside. `worker` has the
    lane, and says since when it is attached or catching up; empty and None if there is none.
    """

    subscriber: str
    partition: str
    state: State
    offset: int
    end: int
    lag_events: int
    lag_seconds: float
    halted: str
    paused: Pause | None
    parked: int
    consumed_at: datetime
    worker: str
    since: datetime | None


_LANES = """
    select c.model, c.partition, c."offset", c.halted, c.at,
        (select count(*) from parked p where p.model = c.model and p.build = c.build
            and p.partition = c.partition) as parked,
        r.worker, r.state, r.since
    from checkpoints c
    left join lane_reports r on r.subscriber = c.model and r.partition = c.partition
        and r.seen_at > now() - make_interval(secs => %s)
    order by c.model, c.partition
"""


async def lane_statuses(pool: Pool, log: Log) -> list[LaneStatus]:
    """Every subscriber that ever ran, in each of its partitions; raises Unavailable."""
    with translated():
        async with pool.connection() as connection, connection.cursor(row_factory=dict_row) as rows:
            await rows.execute(_LANES, (UNSEEN_S,))
            lanes = await rows.fetchall()
            paused = await pauses.pauses(connection)
    ends = await _ends(log, {parse_partition(one["partition"]) for one in lanes})
    found = (_status(log, ends, one, paused.get(one["model"])) for one in lanes)
    return list(await asyncio.gather(*found))


async def _ends(log: Log, partitions: set[Partition]) -> dict[str, int]:
    found = await asyncio.gather(*(log.end(partition) for partition in partitions))
    return dict(zip(map(str, partitions), found, strict=True))


async def _status(
    log: Log, ends: dict[str, int], row: dict[str, Any], paused: Pause | None
) -> LaneStatus:
    offset, end = row["offset"], ends[row["partition"]]
    behind = max(0, end - offset - 1)
    partition = parse_partition(row["partition"])
    return LaneStatus(
        subscriber=row["model"],
        partition=row["partition"],
        state=_state(row, paused),
        offset=offset,
        end=end,
        lag_events=behind,
        lag_seconds=await _age(log, partition, offset + 1) if behind else 0.0,
        halted=row["halted"],
        paused=paused,
        parked=row["parked"],
        consumed_at=row["at"],
        worker=row["worker"] or "",
        since=row["since"],
    )


def _state(row: dict[str, Any], paused: Pause | None) -> State:
    """What was asked for and what is stored comes before what a worker last reported."""
    if paused is not None:
        return State.PAUSED
    if row["halted"]:
        return State.HALTED
    if row["state"] is None:
        return State.UNATTENDED
    reported = State(row["state"])
    return State.CATCHING_UP if reported is State.PAUSED else reported


async def _age(log: Log, partition: Partition, offset: int) -> float:
    """Seconds since the record at `offset` was decided; 0 for a damaged one, which has no time."""
    [read] = progress.read(await log.read(partition, offset, offset + 1))
    if isinstance(read.record, DamagedRecord):
        return 0.0
    return max(0.0, (datetime.now(UTC) - read.record.at).total_seconds())
