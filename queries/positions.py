"""Waits until the read models include a position, so that people read their own writes."""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from psycopg import sql

from events.position import Position, includes, missing
from events.topics import PEOPLE, POSTS, parse_partition
from queries.statement import statement
from queries.store import Store
from schemas.refusals import Unavailable

CONSUMERS: Final[Mapping[str, tuple[str, ...]]] = {
    PEOPLE.name: ("accounts", "graph", "bookmarks"),
    POSTS.name: ("posts",),
}
"""Which models fold the partitions of a topic; no read waits for any other topic.

All of them decide visibility, and so stand still at what they cannot fold; none goes on past it.
One that did would set records aside, and say so to those who ask for just these.
"""

_SHORTEST_PAUSE_S: Final = 0.005
_LONGEST_PAUSE_S: Final = 0.05
_GROWTH: Final = 1.4

_MODELS: Final = sorted({model for models in CONSUMERS.values() for model in models})
_CHECKPOINTS: Final = statement(
    sql.SQL(
        """
    select c.model, c.partition, c."offset", c.halted, p.subscriber is not null as paused,
        exists (select from parked k where k.model = c.model and k.build = c.build
            and k.partition = c.partition) as parked
    from checkpoints c left join pauses p on p.subscriber = c.model
    where c.model = any(%(models)s)
    """
    )
)
_PARKED: Final = statement(
    sql.SQL(
        """
    select k.model, k.partition, k."offset"
    from unnest(%(partitions)s::text[], %(offsets)s::bigint[]) as wanted (partition, "offset")
    join parked k using (partition, "offset")
    join checkpoints c using (model, build, partition)
    where k.model = any(%(models)s)
    """
    )
)

_log = logging.getLogger(__name__)


class Checkpoint(Struct, frozen=True):
    """How far one model has folded one partition; -1 is nowhere.

    `halted` says why it stands still there, empty while it runs. `paused` and `parked`: whether
    operators let it rest, and whether anything was set aside there.
    """

    model: str
    partition: str
    offset: int
    halted: str = ""
    paused: bool = False
    parked: bool = False


def relevant(position: Position) -> dict[str, int]:
    """The part of a position that read models will ever reach."""
    return {
        partition: offset
        for partition, offset in position.items()
        if offset >= 0 and parse_partition(partition).topic in CONSUMERS
    }


def reached(checkpoints: list[Checkpoint]) -> dict[str, int]:
    """The position that every model which folds a partition has reached there."""
    known = {(point.model, point.partition): point.offset for point in checkpoints}
    partitions = {point.partition for point in checkpoints}
    return {
        partition: min(
            known.get((model, partition), -1)
            for model in CONSUMERS.get(parse_partition(partition).topic, ())
        )
        for partition in partitions
        if parse_partition(partition).topic in CONSUMERS
    }


def before(checkpoints: list[Checkpoint], wanted: Position) -> list[Checkpoint]:
    """The models that do not include `wanted`, in each of their partitions."""
    return [point for point in checkpoints if point.offset < wanted.get(point.partition, -1)]


class Waiting:
    """Lets reads wait for positions, for `wait_s` at most, with one poll in flight for all."""

    def __init__(self, store: Store, wait_s: float) -> None:
        self._store = store
        self._wait_s = wait_s
        self._poll: asyncio.Task[list[Checkpoint]] | None = None

    async def require(self, position: Position, within_s: float) -> None:
        """Returns once every model includes `position`.

        Raises Unavailable: POSITION_NOT_REACHED after `within_s`, whatever else `applied` raises.
        """
        if not await self.applied(position, within_s):
            raise Unavailable(
                "POSITION_NOT_REACHED",
                "What you wrote is safe but cannot be read yet; try again in a moment.",
            )

    async def applied(self, position: Position, within_s: float) -> bool:
        """Whether every model includes `position`, within `within_s`.

        A position of nowhere costs no round trip. Raises Unavailable at once where no wait would
        help: MODEL_HALTED, MODEL_PAUSED, SHARD_PARKED; and STORE_UNAVAILABLE.
        """
        wanted = relevant(position)
        deadline_s = time.monotonic() + min(within_s, self._wait_s)
        pause_s = _SHORTEST_PAUSE_S
        while wanted:
            checkpoints = await self._checkpoints()
            have = reached(checkpoints)
            if includes(have, wanted):
                await self._require_not_parked(checkpoints, wanted)
                break
            _refuse_in_vain(before(checkpoints, wanted))
            if time.monotonic() + pause_s > deadline_s:
                _log.warning("read models lag behind a position: %s", missing(have, wanted))
                return False
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * _GROWTH, _LONGEST_PAUSE_S)
        return True

    async def _checkpoints(self) -> list[Checkpoint]:
        # To join a poll that began earlier is safe: checkpoints only grow, so it may report too
        # little. Should the database have gone back since, what is read next is refused.
        if self._poll is None or self._poll.done():
            self._poll = asyncio.create_task(self._read())
        return await asyncio.shield(self._poll)

    async def _require_not_parked(self, checkpoints: list[Checkpoint], wanted: Position) -> None:
        """A checkpoint that has passed a record does not show it if that was set aside."""
        if not any(point.parked and point.partition in wanted for point in checkpoints):
            return
        asked = {"partitions": list(wanted), "offsets": list(wanted.values()), "models": _MODELS}
        reader = self._store.anyhow()
        for found in await reader.rows(Checkpoint, _PARKED, asked):
            _log.error("read for what %s set aside", _place(found))
            raise Unavailable(
                "SHARD_PARKED",
                "What you wrote is safe but set aside until a fault in a read model is fixed.",
            )

    async def _read(self) -> list[Checkpoint]:
        reader = self._store.anyhow()
        found = await reader.rows(Checkpoint, _CHECKPOINTS, {"models": _MODELS})
        self._store.held.note({(point.model, point.partition): point.offset for point in found})
        return found


def _refuse_in_vain(late: list[Checkpoint]) -> None:
    if halted := [point for point in late if point.halted]:
        said = "; ".join(f"{_place(point)}: {point.halted}" for point in halted)
        _log.error("read models stand still before a position: %s", said)
        raise Unavailable(
            "MODEL_HALTED",
            "What you wrote is safe but cannot be read until a fault in a read model is fixed.",
        )
    if paused := [point for point in late if point.paused]:
        _log.warning("paused before a position: %s", "; ".join(map(_place, paused)))
        raise Unavailable(
            "MODEL_PAUSED",
            "What you wrote is safe but cannot be read while a read model is paused.",
        )


def _place(point: Checkpoint) -> str:
    return f"{point.model} in {point.partition} at {point.offset}"
