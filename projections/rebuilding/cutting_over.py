"""Making another build live: in one transaction, at a place that no reader has been beyond.

The checkpoints of the build that was live are held meanwhile, so that its workers stand still; the
other one is folded on to just there. Then views, states and the workers' right to go on change
together. Workers find themselves overtaken and go on in the build that is live now.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from psycopg import errors

from events.topics import Partition
from infra.log.port import ReadableLog
from infra.postgres.pool import Pool
from infra.worker import builds, checkpoints
from infra.worker.builds import Connection, Known, State
from infra.worker.progress import Halted
from projections.builds import names_of, show
from projections.model import Model
from projections.rebuilding.catching_up import catch_up
from projections.rebuilding.claiming import Claim
from projections.rebuilding.jobs import JobFailed, Trouble
from projections.rebuilding.standing import require_same_log, standing
from projections.subscriber import Keys

WORKERS_WAIT_MS: Final = 2000
READERS_WAIT_MS: Final = 100
"""Who reads a view keeps it from changing, and who wants to read it waits behind the change. So the
change gives up soon, and comes again: nobody waits for long, and nobody is cut off. It must be less
than PostgreSQL's deadlock_timeout (1 s), which would end a reader instead."""

TAIL_RECORDS_MAX: Final = 5000
"""More records than this are folded before the workers are made to wait."""

ELSEWHERE_S: Final = 3.0
"""Where the log ends may be told too early for a moment, as after another broker became leader."""

_PATIENCE_S: Final = 120.0
_PAUSE_S: Final = 0.3


async def cut_over(
    model: Model, build: Known, claim: Claim, pool: Pool, log: ReadableLog, keys: Keys
) -> None:
    """Fold the build on to where the live one is, and make it live in its place.

    If the live one is of another log, or of one that was longer, there is no such place: the build
    is folded on to the end of this log.

    Raises `JobFailed` if readers do not let go for two minutes, and what `catch_up` raises.
    """
    comparable = await _is_of_this_log(model, pool, log)
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        await _to_the_end(model, build, pool, log, keys)
        try:
            if await _cut_over(model, build, claim, pool, log, keys, comparable=comparable):
                return
        except errors.LockNotAvailable as problem:
            if time.monotonic() > deadline:
                text = f"Somebody holds tables of {model.name} for too long: see pg_stat_activity."
                raise JobFailed(Trouble.OVERTAKEN, text) from problem
            await asyncio.sleep(_PAUSE_S)


async def _to_the_end(model: Model, build: Known, pool: Pool, log: ReadableLog, keys: Keys) -> None:
    async with pool.connection() as connection:
        partitions = list(await checkpoints.all_of(connection, model.name, build.number))
    ends = {partition: await log.end(partition) for partition in partitions}
    await catch_up(model, build.number, ends, pool, log, keys)


async def _is_of_this_log(model: Model, pool: Pool, log: ReadableLog) -> bool:
    """Whether the live build is; True without one. It is not said after a single look."""
    for pause_s in (ELSEWHERE_S, 0.0):
        async with pool.connection() as connection:
            live = await builds.live(connection, model.name)
            if live is None:
                return True
            stand = await standing(connection, model, live)
        try:
            await require_same_log(stand, log)
        except Halted:
            await asyncio.sleep(pause_s)
        else:
            return True
    return False


async def _cut_over(
    model: Model,
    build: Known,
    claim: Claim,
    pool: Pool,
    log: ReadableLog,
    keys: Keys,
    *,
    comparable: bool,
) -> bool:
    """Whether it is done; else workers were quicker, and it takes another round."""
    connection = claim.connection
    async with connection.transaction():
        await connection.execute(f"set local lock_timeout = {WORKERS_WAIT_MS}".encode())
        live = await builds.live(connection, model.name)
        if live is not None:
            places = await checkpoints.held(connection, model.name, live.number)
            if not comparable:
                places = {}
            if await _behind(connection, model, build, places) > TAIL_RECORDS_MAX:
                return False
            await catch_up(model, build.number, places, pool, log, keys)
        await connection.execute(f"set local lock_timeout = {READERS_WAIT_MS}".encode())
        await _swap(connection, model, build, live)
    return True


async def _behind(
    connection: Connection, model: Model, build: Known, places: Mapping[Partition, int]
) -> int:
    mine = await checkpoints.all_of(connection, model.name, build.number)
    reached = {partition: checkpoint.offset + 1 for partition, checkpoint in mine.items()}
    return sum(max(0, end - reached.get(partition, 0)) for partition, end in places.items())


async def _swap(connection: Connection, model: Model, build: Known, live: Known | None) -> None:
    await show(connection, model, build.number)
    if live is not None:
        for name in set(live.tables) - set(names_of(model)):
            await connection.execute(f"drop view if exists {name}".encode())
        await checkpoints.overtake(connection, model.name, live.number)
        await builds.become(connection, model.name, live.number, State.PREVIOUS)
    await builds.become(connection, model.name, build.number, State.LIVE)
