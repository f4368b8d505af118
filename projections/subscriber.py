"""A read model on a worker: folds what it is handed, and commits rows and checkpoint together."""

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Protocol
from uuid import UUID

import psycopg
from msgspec.structs import replace

from events.codec import Cipher
from events.topics import Partition, Topic
from infra.worker import checkpoints, progress
from infra.worker.checkpoints import Connection, Parked
from infra.worker.group_commit import Work
from infra.worker.places import Places
from infra.worker.progress import Accepted, Checkpoint, Halted, Read
from projections.applying import apply
from projections.batches import Part
from projections.commits import Commit, Commits, lane_of, place_of
from projections.encoding import Unstorable
from projections.folding import Folded, News, fold, persons, wanted_types
from projections.model import Model
from projections.operations import DeleteWhere, UpdateWhere

POISON: Final = (psycopg.DataError, psycopg.IntegrityError, Unstorable)
"""What is said of rows that Postgres will never take, however often it is asked."""

NEWS_AGE_MAX: Final = timedelta(minutes=5)
"""Older news is not told: whoever catches up with a long log must not flood open pages."""

OPERATIONS_TOGETHER_MAX: Final = 500
"""Batches that change more rows commit by themselves."""

_log = logging.getLogger(__name__)


class Keys(Cipher, Protocol):
    """A cipher whose keys are fetched beforehand."""

    async def load(self, persons: Sequence[UUID]) -> None:
        """Bring the keys of these persons to hand."""
        ...


class Telling(Protocol):
    """Passes live news on without waiting; whatever goes wrong there never holds up the rows."""

    def tell(self, partition: Partition, news: Sequence[News]) -> None:
        """Pass on what was committed."""
        ...

    def lost(self, why: str) -> None:
        """Note that something was committed which nobody may have been told of."""
        ...


class Writes(NamedTuple):
    """What a move has to write: rows of a build in one partition, and what is set aside there."""

    build: int
    part: Part
    parked: Sequence[Parked]


class ModelSubscriber:
    """One read model, as `Subscriber`."""

    def __init__(
        self,
        model: Model,
        places: Places,
        keys: Keys,
        telling: Telling,
        commits: Commits | None = None,
    ) -> None:
        self._model = model
        self._places = places
        self._keys = keys
        self._telling = telling
        self._commits = commits
        self._told: dict[Partition, int] = {}
        self._wanted = wanted_types(model)

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    @property
    def topics(self) -> Sequence[Topic]:
        """The model's topics."""
        return self._model.topics

    async def resume(self, partition: Partition) -> int:
        """The offset it needs next; raises `Halted` on another log, or another version's rows."""
        self.release(partition)
        following = await self._places.resume(partition)
        reached = self._places.reached(partition)
        if reached.build.version != self._model.version:
            raise Halted(_other_version(self._model, reached.build.version))
        if self._commits is not None:
            self._commits.resumed(lane_of(self.name, partition), place_of(reached))
        if following not in (0, self._told.get(partition)):
            # Another worker, or a commit whose answer was lost, came farther than was told here.
            self._telling.lost(f"{self.name} took over {partition} at {following}")
        self._told[partition] = following
        return following

    def reached(self, partition: Partition) -> Checkpoint | None:
        """Where it is, as far as this process knows."""
        return self._places.known(partition)

    def release(self, partition: Partition) -> None:
        """Let go of the partition."""
        if self._commits is not None:
            self._commits.released(lane_of(self.name, partition))

    async def halt(self, partition: Partition, reason: str) -> None:
        """Note why it stands still."""
        await self._places.halt(partition, reason)

    async def consume(self, partition: Partition, reads: Sequence[Read]) -> int:
        """Apply what lies beyond the checkpoint; raises `Halted`, `Overtaken`."""
        reads = progress.remaining(self._places.reached(partition), reads)
        if reads:
            await self._apply(partition, reads)
        return self._places.reached(partition).offset + 1

    async def _apply(self, partition: Partition, reads: Sequence[Read]) -> None:
        before = self._places.reached(partition)
        after, accepted = progress.advanced(before, reads)
        await self._keys.load(list(persons(accepted, self._wanted)))
        news_from = datetime.now(UTC) - NEWS_AGE_MAX
        folded = fold(self._model, partition, accepted, self._keys, before.parked, news_from)
        if folded.stop is not None:
            reads = [one for one in reads if one.offset < folded.stop[0]]
            after, accepted = progress.advanced(before, reads)
        try:
            if reads:
                await self._commit(partition, after, folded)
        except POISON as problem:
            await self._isolate(partition, reads, accepted, problem)
        if folded.stop is not None:
            raise Halted(f"Offset {folded.stop[0]}: {folded.stop[1]}")

    async def _commit(self, partition: Partition, after: Checkpoint, folded: Folded) -> None:
        writes = Writes(after.build.number, Part(partition, folded.operations), folded.parked)
        shards = {parked.accepted.decision.shard for parked in folded.parked}
        after = replace(after, parked=after.parked | shards)
        before, began_s = self._places.reached(partition), time.monotonic()
        work = Work(self._write, writes) if folded.operations or folded.parked else None
        await self._places.move(partition, after, work, large=_is_large(folded))
        self._told[partition] = after.offset + 1
        if self._commits is not None:
            lane = lane_of(self.name, partition)
            places = place_of(before), place_of(self._places.reached(partition))
            self._commits.committed(Commit(lane, *places, folded.touches, began_s))
        if folded.news:
            self._telling.tell(partition, folded.news)
        if folded.stale:
            self._telling.lost(f"{self.name} is behind in {partition}")

    async def _write(self, connection: Connection, all_writes: Sequence[Writes]) -> None:
        """Write what there is in several partitions, by as few statements as if it were one."""
        for build in {writes.build for writes in all_writes}:
            parts = [writes.part for writes in all_writes if writes.build == build]
            await apply(connection, self._model, build, parts)
        for build, (partition, _), parked in all_writes:
            if parked:
                await checkpoints.park(connection, self.name, build, partition, parked)

    async def _isolate(
        self,
        partition: Partition,
        reads: Sequence[Read],
        accepted: Sequence[Accepted],
        problem: Exception,
    ) -> None:
        """Find the decision whose rows Postgres refuses, by halves, and apply all others."""
        if len(accepted) > 1:
            middle = accepted[len(accepted) // 2].offset
            await self._apply(partition, [one for one in reads if one.offset < middle])
            await self._apply(partition, [one for one in reads if one.offset >= middle])
            return
        _log.error("%s: Postgres refuses %s: %s", self.name, partition, type(problem).__name__)
        reason = f"{type(problem).__name__} at offset {accepted[0].offset}."
        if self._model.visibility:
            raise Halted(f"Postgres refuses its rows: {reason}") from problem
        after, _ = progress.advanced(self._places.reached(partition), reads)
        await self._commit(partition, after, Folded(parked=[Parked(accepted[0], reason)]))


def _is_large(folded: Folded) -> bool:
    """Whether it may take long enough for others to notice. Set-wise ones may touch any number."""
    operations = folded.operations
    return len(operations) > OPERATIONS_TOGETHER_MAX or any(
        isinstance(one, UpdateWhere | DeleteWhere) for one in operations
    )


def _other_version(model: Model, version: int) -> str:
    if not version:
        return f"No build of {model.name} is live. Run `agora projections rebuild {model.name}`."
    return (
        f"The live build holds version {version} of {model.name}, and this worker has version "
        f"{model.version}. Run `agora projections rebuild {model.name}` of the version wanted."
    )
