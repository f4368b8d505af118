"""Builds that are kept although they are not live: to go back to, until they are dropped."""

import asyncio
from typing import Final

from psycopg import errors

from infra.postgres.pool import Pool
from infra.worker import builds
from infra.worker.builds import Known, State
from infra.worker.progress import Halted
from projections.builds import names_of
from projections.model import Model
from projections.rebuilding import sealing
from projections.rebuilding.jobs import JobFailed, Trouble
from projections.rebuilding.standing import require_version

OLD: Final = frozenset({State.PREVIOUS, State.FAILED})

_ATTEMPTS: Final = 10
_PAUSE_S: Final = 0.5


async def previous_build(pool: Pool, model: Model) -> Known:
    """The build that was live last; raises `Halted` if there is none that this code can fold."""
    async with pool.connection() as connection:
        known = await builds.known(connection, model.name)
    previous = [one for one in known if one.state is State.PREVIOUS and one.live_at]
    if not previous:
        raise Halted(f"No build of {model.name} was live before.")
    last = max(previous, key=lambda one: (one.live_at, one.number))
    require_version(model, last)
    if set(last.tables) != set(names_of(model)):
        raise Halted(f"Build {last.number} of {model.name} has other tables than this version.")
    return last


async def old_builds(pool: Pool, model: Model) -> list[Known]:
    """The builds that were live, or failed, and are kept."""
    async with pool.connection() as connection:
        return [one for one in await builds.known(connection, model.name) if one.state in OLD]


async def drop_old(pool: Pool, model: Model) -> list[Known]:
    """Drop them; which they were. Raises what `drop` raises."""
    dropped = await old_builds(pool, model)
    for build in dropped:
        await drop(pool, model, build)
    return dropped


async def drop(pool: Pool, model: Model, build: Known) -> None:
    """Drop a build with its tables; raises `JobFailed` while somebody reads one for long."""
    for attempt in range(_ATTEMPTS):
        try:
            async with pool.connection() as connection, connection.transaction():
                await sealing.drop(connection, model.name, build)
                return
        except errors.LockNotAvailable as problem:
            if attempt == _ATTEMPTS - 1:
                text = f"Somebody reads build {build.number} of {model.name}: see pg_stat_activity."
                raise JobFailed(Trouble.OVERTAKEN, text) from problem
            await asyncio.sleep(_PAUSE_S)
