"""Reactions on a worker: facts in one shard that ask something of another.

Each reaction keeps a checkpoint as read models do, and moves it once everything that the records
before it ask for has been answered. What it asks again after a crash does nothing the second time.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

from msgspec import Struct

from events import codec
from events.codec import Blind
from events.event import Event, type_of
from events.record import DamagedRecord, Decision, Fact
from events.topics import Partition, Topic
from infra.worker import progress
from infra.worker.lane import TRANSIENT
from infra.worker.places import Places
from infra.worker.progress import Accepted, Checkpoint, Halted, Read
from schemas.refusals import Refusal

ASKED_AT_ONCE: Final = 32
_BLIND: Final = Blind()

Asked = TypeVar("Asked")


class Cause(NamedTuple):
    """A fact in its decision, and where that stands."""

    partition: Partition
    offset: int
    decision: Decision
    fact: Fact


class Reacting(Struct, Generic[Asked], frozen=True):
    """One reaction: `react` says what each event asks for; personal fields are not opened."""

    name: str
    topic: Topic
    events: tuple[type[Event], ...]
    react: Callable[[Any, Cause], Sequence[Asked]]


class ReactionSubscriber(Generic[Asked]):
    """One reaction, as `Subscriber`; `submit` returns once the answer is durable."""

    def __init__(
        self,
        reacting: Reacting[Asked],
        places: Places,
        submit: Callable[[Asked], Awaitable[object]],
    ) -> None:
        self._reacting = reacting
        self._places = places
        self._submit = submit
        self._types = {type_of(event) for event in reacting.events}
        self._slots = asyncio.Semaphore(ASKED_AT_ONCE)

    @property
    def name(self) -> str:
        """Its name among the checkpoints."""
        return self._places.name

    @property
    def topics(self) -> Sequence[Topic]:
        """The one topic that it listens to."""
        return (self._reacting.topic,)

    async def resume(self, partition: Partition) -> int:
        """The offset it needs next; raises `Halted` if this is another log."""
        return await self._places.resume(partition)

    def reached(self, partition: Partition) -> Checkpoint | None:
        """Where it is, as far as this process knows."""
        return self._places.known(partition)

    def release(self, partition: Partition) -> None:
        """Nothing is held between two consumptions."""

    async def halt(self, partition: Partition, reason: str) -> None:
        """Note why it stands still."""
        await self._places.halt(partition, reason)

    async def consume(self, partition: Partition, reads: Sequence[Read]) -> int:
        """Ask for all that the records call for, then move on; raises `Halted`, `Overtaken`."""
        before = self._places.reached(partition)
        reads = progress.remaining(before, reads)
        if not reads:
            return before.offset + 1
        _, accepted = progress.advanced(before, reads)
        asked, stop = self._asked(partition, accepted)
        if stop is not None:
            reads = [one for one in reads if one.offset < stop[0]]
        await self._ask_all(asked)
        if reads:
            await self._places.move(partition, progress.advanced(before, reads)[0])
        if stop is not None:
            raise Halted(f"Offset {stop[0]}: {stop[1]}")
        return reads[-1].offset + 1

    def _asked(
        self, partition: Partition, accepted: Sequence[Accepted]
    ) -> tuple[dict[str, list[Asked]], tuple[int, str] | None]:
        """What is asked for by shard, in order, and where to stop before something unreadable."""
        asked: defaultdict[str, list[Asked]] = defaultdict(list)
        for offset, decision in accepted:
            unknown = progress.unknown_type(decision)
            if unknown is not None:
                return asked, (offset, f"Event type {unknown} is unknown to this version of Agora.")
            try:
                asked[decision.shard] += self._reactions(partition, offset, decision)
            except DamagedRecord as damage:
                return asked, (offset, str(damage))
        return asked, None

    def _reactions(self, partition: Partition, offset: int, decision: Decision) -> list[Asked]:
        found: list[Asked] = []
        for fact in decision.facts:
            if progress.may_be(fact.type, self._types):
                event = codec.decode(fact, _BLIND)
                if isinstance(event, self._reacting.events):
                    cause = Cause(partition, offset, decision, fact)
                    found += self._reacting.react(event, cause)
        return found

    async def _ask_all(self, asked: dict[str, list[Asked]]) -> None:
        """Shards side by side, what one shard asks for in its order; raises what went wrong."""
        outcomes = await asyncio.gather(
            *(self._ask(each) for each in asked.values() if each), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _ask(self, asked: Sequence[Asked]) -> None:
        async with self._slots:
            for one in asked:
                try:
                    await self._submit(one)
                except TRANSIENT:
                    raise
                except Refusal as refusal:
                    raise Halted(f"What it asks for was refused: {refusal}") from refusal
