"""What a rebuild has to do: a build to go on with or to begin, and how much of the log it takes."""

from collections.abc import Mapping

from msgspec import Struct
from psycopg import errors

from events.topics import Partition
from infra.config import Settings
from infra.log.port import ReadableLog
from infra.log.topics import all_partitions
from infra.postgres.pool import Pool
from infra.worker import builds
from infra.worker.builds import Connection, Known, State
from infra.worker.progress import Halted
from projections.builds import names_of
from projections.model import Model
from projections.rebuilding import fills
from projections.rebuilding.fills import Fill
from projections.rebuilding.slices import slices_for
from projections.rebuilding.standing import require_same_log, standing


class Plan(Struct, frozen=True):
    """What a rebuild of one model has to do.

    `going_on` is the build that it goes on with, None where it begins one. `given_up` are builds
    that came to nothing, and are dropped. `fills` says how far each partition is. `apart` says why
    the live build is not of this log, or of more of it than there is; empty where all is well.
    """

    model: Model
    live: Known | None
    going_on: Known | None
    given_up: tuple[Known, ...]
    fills: tuple[Fill, ...]
    apart: str

    @property
    def records(self) -> int:
        """How many records of the log are to be folded in bulk."""
        return sum(fill.stop for fill in self.fills if fill.done < fill.slices)


async def plan(settings: Settings, pool: Pool, log: ReadableLog, model: Model) -> Plan:
    """The plan for one model; changes nothing. Raises `LogUnavailable`, psycopg's errors."""
    ends = await ends_of(settings, log, model)
    async with pool.connection() as connection:
        known = await _known(connection, model)
        unfinished = [one for one in known if one.state in {State.FILLING, State.VERIFIED}]
        going_on = None
        found = tuple(Fill(one, end, slices_for(end)) for one, end in ends.items())
        for build in unfinished:
            filled = tuple(await fills.known(connection, model.name, build.number))
            if _can_go_on(model, build, filled, ends):
                going_on, found = build, filled
        live = next((one for one in known if one.state is State.LIVE), None)
        apart = await _apart(connection, log, model, live)
    return Plan(
        model=model,
        live=live,
        going_on=going_on,
        given_up=tuple(
            one
            for one in known
            if one.state is State.FAILED or (one in unfinished and one is not going_on)
        ),
        fills=found,
        apart=apart,
    )


async def ends_of(settings: Settings, log: ReadableLog, model: Model) -> Mapping[Partition, int]:
    """The offset after the last record, in each partition that the model folds."""
    partitions = all_partitions(settings, model.topics)
    return {partition: await log.end(partition) for partition in partitions}


async def _known(connection: Connection, model: Model) -> list[Known]:
    try:
        return await builds.known(connection, model.name)
    except errors.UndefinedTable:
        # Nothing was ever built here, and who only plans makes no tables.
        return []


async def _apart(connection: Connection, log: ReadableLog, model: Model, live: Known | None) -> str:
    if live is None:
        return ""
    try:
        await require_same_log(await standing(connection, model, live), log)
    except Halted as reason:
        return str(reason)
    return ""


def _can_go_on(
    model: Model, build: Known, filled: tuple[Fill, ...], ends: Mapping[Partition, int]
) -> bool:
    """Whether it is of this version, and of a log that has not become shorter since."""
    return (
        build.version == model.version
        and set(build.tables) == set(names_of(model))
        and all(fill.stop <= ends.get(fill.partition, 0) for fill in filled)
    )
