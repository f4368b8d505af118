"""A Submitter in memory: real routes, rulings, deciders and folds over heads in a dict.

It stands for the whole command side wherever a test is about what happens above it. A test may
let others go first before a submission (`pause`), and end the caller's process around it
(`before`, `after`).
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from commands.reactions import REACTIONS, Source
from commands.routes import ROUTE_OF
from commands.submission import Handled, Submission, routed
from commands.writer.ruling import Ruling, Terms, rule
from events import codec
from events.catalog import FOLDS
from events.event import Event, type_of
from events.record import Decision
from events.stream import Head, kind_of
from events.topics import partition_number
from tests.commands.cast import NOON

EPOCH = UUID("019cec37-8c00-7000-8000-0000000000ee")


class Clear:
    """A cipher that seals nothing, so that a failing test shows what was written."""

    def seal(self, person: UUID, context: str, text: str) -> bytes:
        """The text."""
        return text.encode()

    def open(self, person: UUID, context: str, sealed: bytes) -> str | None:
        """The text."""
        return sealed.decode()


class Killed(BaseException):
    """The caller's process is gone: nothing of it runs any more."""


class MemorySubmitter:
    """Implements `commands.submission.Submitter`; `now` is what the owners' clocks say."""

    def __init__(self) -> None:
        self.now: datetime = NOON
        self.taken: list[Submission] = []
        self.log: dict[str, list[Decision]] = defaultdict(list)
        self.pause: Callable[[], Awaitable[None]] = _at_once
        self.before: Callable[[Submission], None] = _nothing
        self.after: Callable[[Submission], None] = _nothing
        self._heads: dict[str, Head] = {}
        self._reacted: dict[str, int] = {}
        self._drawn = 0
        self._terms = Terms(EPOCH, Clear(), lambda body: body[-64:], self._draw)

    async def submit(self, submission: Submission) -> Handled:
        """The answer, as the owner would give it."""
        await self.pause()
        self.before(submission)
        self.taken.append(submission)
        handled = self._handled(submission)
        self.after(submission)
        return handled

    def _handled(self, submission: Submission) -> Handled:
        asked = routed(submission, ROUTE_OF)
        topic = asked.route.topic
        partition = f"{topic.name}-{partition_number(asked.shard, topic.partitions)}"
        heads = {stream: self._head(stream) for stream in asked.streams}
        offset = len(self.log[partition])
        ruling = rule(self._terms, asked, heads, self.now, offset)
        return self._answer(partition, offset, ruling)

    def _answer(self, partition: str, offset: int, ruling: Ruling) -> Handled:
        if ruling.refusal is not None:
            raise ruling.refusal
        if ruling.repeat is not None:
            first = self.log[partition][ruling.repeat.offset]
            events = tuple(codec.decode(fact, Clear()) for fact in first.facts)
            position = {partition: ruling.repeat.offset}
            return Handled(position=position, at=first.at, events=events, repeated=True)
        if ruling.decision is not None:
            self.log[partition].append(ruling.decision)
            self._heads.update(ruling.heads)
        return Handled(position={partition: offset}, at=ruling.at, events=ruling.events)

    async def react(self) -> None:
        """Runs every reaction over what it has not seen yet, as the worker host would."""
        for reaction in REACTIONS:
            for partition, decisions in self._of_topic(reaction.topic.name).items():
                mark = f"{reaction.name}/{partition}"
                for offset in range(self._reacted.get(mark, 0), len(decisions)):
                    await self._react(reaction.react, reaction.events, partition, offset)
                self._reacted[mark] = len(decisions)

    def forget_reactions(self) -> None:
        """As if the worker host had lost its checkpoints: everything is reacted to again."""
        self._reacted.clear()

    async def _react(
        self,
        react: Callable[[Any, Source], list[Submission]],
        events: tuple[type[Event], ...],
        partition: str,
        offset: int,
    ) -> None:
        decision = self.log[partition][offset]
        for fact in decision.facts:
            event = codec.decode(fact, Clear())
            if isinstance(event, events):
                for submission in react(event, Source(partition, offset, decision, fact)):
                    await self.submit(submission)

    def _of_topic(self, topic: str) -> Mapping[str, list[Decision]]:
        return {
            partition: list(decisions)
            for partition, decisions in self.log.items()
            if partition.rpartition("-")[0] == topic
        }

    def _head(self, stream: str) -> Head:
        return self._heads.get(stream) or Head(FOLDS[kind_of(stream)].initial)

    def state(self, stream: str) -> Any:
        """What deciders would see of the stream now."""
        return self._head(stream).state

    def recorded(self, *kinds: type[Event]) -> list[Event]:
        """The events of these types, partition by partition."""
        wanted = {type_of(kind) for kind in kinds}
        return [
            codec.decode(fact, Clear())
            for decisions in self.log.values()
            for decision in decisions
            for fact in decision.facts
            if fact.type in wanted
        ]

    def _draw(self) -> UUID:
        self._drawn += 1
        return UUID(int=self._drawn)


async def _at_once() -> None:
    """Lets nobody go first."""


def _nothing(submission: Submission) -> None:
    """Lets the submission pass."""
