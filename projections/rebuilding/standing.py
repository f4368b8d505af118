"""Where builds stand: their checkpoints and parked records, of one moment, on the log they know."""

from collections.abc import Mapping

from msgspec import Struct

from events.topics import Partition, parse_partition
from infra.log.port import ReadableLog
from infra.worker import builds, checkpoints, progress
from infra.worker.builds import Connection, Known
from infra.worker.progress import Checkpoint, Halted
from projections.model import Model


class Standing(Struct, frozen=True):
    """One build: where it is in each partition, and the offsets of what it did not apply there.

    `parked` has those that wait, and those that an operator dropped; `dropped` only the latter.
    """

    model: Model
    build: Known
    checkpoints: Mapping[Partition, Checkpoint]
    parked: Mapping[Partition, frozenset[int]]
    dropped: Mapping[Partition, frozenset[int]] = {}


async def standing(connection: Connection, model: Model, build: Known) -> Standing:
    """Where the build stands, in the transaction of `connection`."""
    found = await checkpoints.all_of(connection, model.name, build.number)
    parked: dict[Partition, set[int]] = {}
    dropped: dict[Partition, set[int]] = {}
    cursor = await connection.execute(
        """
        select partition, "offset", false from parked
        where model = %(model)s and build = %(build)s
        union select partition, "offset", true from dropped
        where model = %(model)s and build = %(build)s
        """,
        {"model": model.name, "build": build.number},
    )
    for partition, offset, gone in await cursor.fetchall():
        parked.setdefault(parse_partition(partition), set()).add(offset)
        if gone:
            dropped.setdefault(parse_partition(partition), set()).add(offset)
    return Standing(model, build, found, _frozen(parked), _frozen(dropped))


def _frozen(found: Mapping[Partition, set[int]]) -> dict[Partition, frozenset[int]]:
    return {one: frozenset(each) for one, each in found.items()}


async def live_build(connection: Connection, model: Model) -> Known:
    """The model's live build, which this version of Agora can fold; raises `Halted`."""
    build = await builds.live(connection, model.name)
    if build is None:
        raise Halted(f"No build of {model.name} is live.")
    require_version(model, build)
    return build


def require_version(model: Model, build: Known) -> None:
    """Raise `Halted` if the build is of another version than this code's."""
    if build.version != model.version:
        raise Halted(
            f"Build {build.number} of {model.name} is of version {build.version}, and this is "
            f"version {model.version}: only that version of Agora can fold it."
        )


async def require_same_log(stand: Standing, log: ReadableLog) -> None:
    """Raise `Halted` if a checkpoint was made on another log; `LogUnavailable`."""
    for partition, checkpoint in stand.checkpoints.items():
        if checkpoint.offset >= 0:
            end = await log.end(partition)
            last = await log.read(partition, checkpoint.offset, checkpoint.offset + 1)
            progress.same_log(checkpoint, end, *progress.read(last))
