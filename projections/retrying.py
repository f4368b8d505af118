"""Trying again what was set aside: a shard's records in their order, each in its transaction.

Once the cause is mended, the rows are as if nothing had ever been set aside, since all that one
record changes lies in its own shard.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from events import record
from events.record import DamagedRecord, Decision
from events.topics import Partition, parse_partition
from infra.log.port import Log, LogUnavailable
from infra.postgres.pool import Pool, translated
from infra.worker import builds, parking
from infra.worker.checkpoints import Connection
from infra.worker.parking import Parked, Place
from infra.worker.progress import Accepted, Halted
from projections.applying import apply
from projections.batches import Part
from projections.folding import Folded, fold, persons, wanted_types
from projections.model import Model
from projections.operations import Operation
from projections.subscriber import POISON, Keys

_NO_NEWS: Final = datetime.max.replace(tzinfo=UTC)


class Outcome(Struct, frozen=True):
    """What came of one shard: how many records were applied, and what stands in the way of more.

    `reason` is empty if nothing does; else `offset` is where it stands.
    """

    place: Place
    applied: int
    offset: int = -1
    reason: str = ""


class Retrying:
    """Retries for the models of this version of Agora."""

    def __init__(self, pool: Pool, log: Log, keys: Keys, models: Mapping[str, Model]) -> None:
        self._pool = pool
        self._log = log
        self._keys = keys
        self._models = models

    async def shard(self, place: Place, at_most: int | None = None) -> Outcome:
        """Apply the shard's records until none is left, one fails, or so many are applied.

        Raises `Halted` where another version or log is at work, `Overtaken` when the live build
        changes meanwhile, Unavailable, `LogUnavailable`.
        """
        model = await self._model(place)
        applied = 0
        while at_most is None or applied < at_most:
            with translated():
                async with self._pool.connection() as connection:
                    one = await parking.first(connection, place)
            if one is None:
                break
            reason = await self._tried(model, one)
            if reason is None:
                continue
            if reason:
                return Outcome(place, applied, one.offset, reason)
            applied += 1
        return Outcome(place, applied)

    async def drop(self, one: Parked, dropped_by: str, why: str) -> None:
        """Pass over one record for good; the shard's later ones are not tried yet.

        Raises `Halted`, `Overtaken`, and `LookupError` if it is not the first of its shard.
        """
        await self._model(one.place)
        with translated():
            async with self._pool.connection() as connection, connection.transaction():
                await parking.hold(connection, one.place)
                before = await parking.first(connection, one.place)
                if before is None or before.offset != one.offset:
                    raise LookupError(f"Offset {one.offset} is not where its shard stands.")
                await parking.drop(connection, one, dropped_by, why)

    async def _model(self, place: Place) -> Model:
        with translated():
            async with self._pool.connection() as connection:
                live = await builds.live(connection, place.model)
        model = self._models.get(place.model)
        if model is None or live is None or live.version != model.version:
            raise Halted(f"This version of Agora does not have the live version of {place.model}.")
        return model

    async def _tried(self, model: Model, one: Parked) -> str | None:
        """Why it cannot be applied, empty if it was, None if somebody else was quicker."""
        partition = parse_partition(one.place.partition)
        accepted = await self._read(partition, one)
        await self._keys.load(list(persons([accepted], wanted_types(model))))
        folded = fold(model, partition, [accepted], self._keys, frozenset(), _NO_NEWS)
        reason = _obstacle(folded)
        if not reason:
            try:
                return await self._applied(model, one, folded.operations)
            except POISON as problem:
                reason = f"{type(problem).__name__} at offset {one.offset}."
        with translated():
            async with self._pool.connection() as connection:
                await parking.refuse(connection, one, reason)
        return reason

    async def _applied(self, model: Model, one: Parked, operations: list[Operation]) -> str | None:
        with translated():
            async with self._pool.connection() as connection, connection.transaction():
                await parking.hold(connection, one.place)
                if await self._gone(connection, one):
                    return None
                partition = parse_partition(one.place.partition)
                await apply(connection, model, one.place.build, [Part(partition, operations)])
                await parking.unpark(connection, one)
        return ""

    async def _gone(self, connection: Connection, one: Parked) -> bool:
        first = await parking.first(connection, one.place)
        return first is None or first.offset != one.offset

    async def _read(self, partition: Partition, one: Parked) -> Accepted:
        """The decision, which counted when it was set aside."""
        entries = await self._log.read(partition, one.offset, one.offset + 1)
        if not entries:
            raise LogUnavailable(f"{partition} does not show offset {one.offset}.")
        try:
            found = record.decode(entries[0].value)
        except DamagedRecord as damage:
            raise Halted(f"{partition} at offset {one.offset} is damaged: {damage}") from damage
        if not isinstance(found, Decision) or found.shard != one.place.shard:
            raise Halted(f"{partition} at offset {one.offset} holds something else: another log?")
        return Accepted(one.offset, found)


def _obstacle(folded: Folded) -> str:
    if folded.stop is not None:
        return folded.stop[1]
    return next((parked.reason for parked in folded.parked if parked.reason), "")
