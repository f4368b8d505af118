"""One tenure of a partition: judges submissions, appends their decisions, answers.

One batch flies at a time. While it does, what arrives is judged against the heads in memory
and gathers in the next batch (group commit). The base offset that an append returns tells
everything: the expected one means that nobody interleaved; a greater one, that the gap must be
read; a smaller one or an error, that the outcome is unknown and the log has to tell.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from enum import Enum
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from commands.submission import Handled, Routed
from commands.writer.answer import Answer
from commands.writer.batch import Batch, Item, Waiting, answered, fail
from commands.writer.heads import Heads, shifted
from commands.writer.in_hand import InHand
from commands.writer.repeats import first_answer
from commands.writer.ruling import Terms, rule
from events import record
from events.record import Barrier, Claim, DamagedRecord, Release
from events.stream import Seen
from events.tenure import Tenure, accept
from events.topics import Partition
from infra.log.port import Appender, AppendUnknown, Log, LogUnavailable
from schemas.refusals import Unavailable

EPOCH_ENDED = "Another instance took over the partition; try again."


class Ending(Enum):
    """Why a tenure ended."""

    RELEASED = "released"
    RESIGNED = "resigned"
    UNKNOWN = "unknown"


class Ended(Struct, frozen=True):
    """How a tenure ended, and what is left of it.

    `unsettled` flew with an unknown outcome; `unsent` was never sent, so it can be judged anew.
    """

    ending: Ending
    unsettled: Batch | None = None
    unsent: Sequence[Waiting] = ()


class Desk(Struct, frozen=True):
    """What a tenure works with. `learned` hears how far the tenure is known to be in force."""

    partition: Partition
    tenure: Tenure
    heads: Heads
    terms: Terms
    log: Log
    appender: Appender
    learned: Callable[[int], None]
    clock: Callable[[], datetime]
    batch_bytes: int


class Owner:
    """Serves one partition from the moment its claim is read until the tenure ends."""

    def __init__(
        self,
        desk: Desk,
        next_offset: int,
        last_id: UUID | None,
        at: datetime,
        opened: asyncio.Event,
    ) -> None:
        """`opened` is set here and cleared as soon as no more submissions are taken."""
        self._desk = desk
        self._opened = opened
        opened.set()
        self._queue: deque[Waiting] = deque()
        self._in_hand = InHand()
        self._building = Batch(next_offset, desk.batch_bytes)
        self._flying: Batch | None = None
        self._wake = asyncio.Event()
        self._ending: Ending | None = None
        self.latest = at
        self._tasks: set[asyncio.Task[None]] = set()
        self.durable_next = next_offset
        self.durable_last_id = last_id

    @property
    def tenure(self) -> Tenure:
        """The tenure served."""
        return self._desk.tenure

    @property
    def heads(self) -> Heads:
        """The heads in memory."""
        return self._desk.heads

    async def submit(self, asked: Routed, within_s: float) -> Handled:
        """The durable answer; raises a Refusal, `Unavailable` if the tenure ends first.

        Raises TimeoutError after `within_s` seconds; the submission goes on without its caller.
        """
        twin = self._in_hand.twin(asked.submission)
        if twin is not None:
            return await twin.answer.wait(within_s)
        waiting = Waiting(asked, Answer())
        self.admit(waiting)
        return await waiting.answer.wait(within_s)

    def admit(self, waiting: Waiting) -> None:
        """Takes a submission in, at once if its streams are in memory, else when they are."""
        self._in_hand.remember(waiting)
        if self._desk.heads.hold_present(waiting.asked.streams):
            self._enqueue(waiting)
        else:
            self._spawn(self._admit_later(waiting))

    async def _admit_later(self, waiting: Waiting) -> None:
        """Never inside the caller's task: a caller that goes away must not leave it half done."""
        try:
            await self._desk.heads.hold(waiting.asked.streams)
        except Exception as error:
            self._in_hand.forget(waiting)
            waiting.answer.fail(error)
        else:
            self._enqueue(waiting)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _enqueue(self, waiting: Waiting) -> None:
        """Queues a submission whose streams are held, until it is answered."""
        if self._ending is not None:
            self._fail(waiting, Unavailable("OWNER_CHANGED", EPOCH_ENDED))
            return
        self._queue.append(waiting)
        self._wake.set()

    def end(self, ending: Ending) -> None:
        """Asks the tenure to end; a release still settles what is queued."""
        if self._ending is None:
            self._close(ending)
            self._wake.set()

    def _close(self, ending: Ending) -> None:
        self._ending = ending
        self._opened.clear()

    async def run(self) -> Ended:
        """Serves until the tenure ends; answers or returns everything that it was given."""
        flight: asyncio.Task[int] | None = None
        while True:
            self._judge_queue()
            if flight is None and self._building.items and self._ending is not Ending.RESIGNED:
                flight = self._take_off()
            if self._ending is not None and flight is None:
                return self._ended()
            await self._wake.wait()
            self._wake.clear()
            if flight is not None and flight.done():
                batch, self._flying = self._flying, None
                assert batch is not None
                trouble = await self._land(batch, flight)
                flight = None
                if trouble is not None:
                    return trouble

    def _judge_queue(self) -> None:
        if self._ending is Ending.RESIGNED:
            return
        while self._queue and not self._building.full:
            self._judge(self._queue.popleft())

    def _judge(self, waiting: Waiting) -> None:
        now = self._desk.clock()
        at = max(now, self.latest)
        heads = {stream: self._desk.heads[stream] for stream in waiting.asked.streams}
        offset = self._building.next_offset
        try:
            ruling = rule(self._desk.terms, waiting.asked, heads, at, offset, now)
        except Exception as bug:
            self._fail(waiting, bug)
            return
        self.latest = at
        self._desk.heads.advance(ruling.heads)
        self._building.add(waiting, ruling)

    def _take_off(self) -> asyncio.Task[int]:
        batch, desk = self._building, self._desk
        barrier = Barrier(desk.terms.draw(), desk.terms.epoch, self.latest)
        batch.seal(barrier, desk.partition)
        self._flying = batch
        self._building = Batch(batch.next_offset, desk.batch_bytes)
        flight = asyncio.create_task(desk.appender.append(batch.records))
        flight.add_done_callback(lambda _: self._wake.set())
        return flight

    async def _land(self, batch: Batch, flight: asyncio.Task[int]) -> Ended | None:
        """Settles a batch by the base offset that it got; the end of the tenure if it must."""
        try:
            base = flight.result()
        except AppendUnknown:
            return self._unknown(batch)
        if base < batch.start:
            return self._unknown(batch)
        if base > batch.start:
            ending = await self._read_gap(batch, base)
            if ending is Ending.UNKNOWN:
                return self._unknown(batch)
            if ending is Ending.RESIGNED:
                self._close(Ending.RESIGNED)
                self._refuse(batch)
                return self._ended()
            self._shift(batch, base - batch.start)
        self._settle(batch)
        return None

    async def _read_gap(self, batch: Batch, base: int) -> Ending | None:
        """What others wrote in between: None if none of it ends the tenure."""
        desk = self._desk
        try:
            entries = await desk.log.read(desk.partition, batch.start, base)
        except LogUnavailable:
            return Ending.UNKNOWN
        if len(entries) != base - batch.start:
            return Ending.UNKNOWN
        own = batch.decision_ids
        for entry in entries:
            try:
                written = record.decode(entry.value)
            except DamagedRecord:
                continue
            if isinstance(written, Claim) and accept(desk.tenure, entry.offset, written)[1]:
                return Ending.RESIGNED
            if written.id in own:
                return Ending.UNKNOWN
        return None

    def _shift(self, batch: Batch, by: int) -> None:
        """The batch, and what was judged after it, stands `by` further than expected."""
        start = batch.start
        for item in (*batch.items, *self._building.items):
            moved = {name: shifted(head, start, by) for name, head in item.ruling.heads.items()}
            item.ruling = replace(item.ruling, heads=moved)
        self._desk.heads.shift(start, by)
        batch.start += by
        self._building.start += by

    def _settle(self, batch: Batch) -> None:
        """The batch is durable and counts: confirms its heads, answers who waits."""
        self.durable_next = batch.next_offset
        self.durable_last_id = batch.last_id
        self._desk.learned(batch.next_offset)
        offset, partition = batch.start, str(self._desk.partition)
        for item in batch.items:
            if item.ruling.decision is None:
                self._answer_without_events(item, batch.next_offset - 1)
                continue
            self._desk.heads.confirm(item.ruling.heads)
            self._give(item.waiting, answered(partition, item.ruling, offset))
            offset += 1

    def _answer_without_events(self, item: Item, offset: int) -> None:
        ruling = item.ruling
        if ruling.refusal is not None:
            self._fail(item.waiting, ruling.refusal)
        elif ruling.repeat is None:
            self._give(item.waiting, answered(str(self._desk.partition), ruling, offset))
        else:
            self._spawn(self._repeat(item.waiting, ruling.repeat))

    async def _repeat(self, waiting: Waiting, seen: Seen) -> None:
        desk = self._desk
        try:
            handled = await first_answer(desk.log, desk.partition, seen, desk.terms.cipher)
        except Exception as error:
            self._fail(waiting, error)
        else:
            self._give(waiting, handled)

    def _give(self, waiting: Waiting, handled: Handled) -> None:
        self._let_go(waiting)
        waiting.answer.give(handled)

    def _fail(self, waiting: Waiting, error: Exception) -> None:
        self._let_go(waiting)
        waiting.answer.fail(error)

    def _let_go(self, waiting: Waiting) -> None:
        """Nothing more will be done for it. What a tenure ends with goes with the tenure."""
        self._in_hand.forget(waiting)
        self._desk.heads.let_go(waiting.asked.streams)

    def _unknown(self, batch: Batch) -> Ended:
        self._close(Ending.UNKNOWN)
        unsent = [*(item.waiting for item in self._building.items), *self._queue]
        return Ended(Ending.UNKNOWN, batch, unsent)

    def _refuse(self, batch: Batch) -> None:
        """A rival's claim stands before the batch: it does not count and never will."""
        error = Unavailable("OWNER_CHANGED", EPOCH_ENDED)
        fail([item.waiting for item in batch.items], error)

    def _ended(self) -> Ended:
        assert self._ending is not None
        error = Unavailable("OWNER_CHANGED", EPOCH_ENDED)
        fail([item.waiting for item in self._building.items], error)
        fail(list(self._queue), error)
        return Ended(self._ending)

    async def release(self) -> None:
        """Appends the release, after `run` has ended; an unknown outcome does no harm."""
        desk = self._desk
        mark = Release(desk.terms.draw(), desk.terms.epoch, self.latest)
        try:
            await desk.appender.append([(str(desk.partition).encode(), record.encode(mark))])
        except AppendUnknown:
            return
