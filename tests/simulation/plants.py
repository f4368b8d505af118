"""Faults planted into the product's own code, to see that the simulator finds them.

The product has no switch for any of this: a plant replaces functions while its block runs.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from commands.submission import Handled, Routed
from commands.tenures import Tenures
from commands.writer import settling, takeover
from commands.writer.batch import Batch, Waiting, answered
from commands.writer.heads import Heads
from commands.writer.in_hand import InHand
from commands.writer.owner import Ended, Owner
from commands.writer.partition import PartitionWriter
from commands.writer.ruling import rule
from commands.writer.saving import Saver
from events import record
from events.record import Claim, Record
from events.stream import Head, stored
from events.tenure import Tenure, accept
from infra.checkpoints.port import Saved
from schemas.refusals import Unavailable
from tests.simulation.world import SimulatedCheckpoints, SimulatedLog

Patch = AbstractContextManager[Any]


class Plant(Struct, frozen=True):
    """A fault: what it does wrong, and the block in which the product does it."""

    wrong: str
    planted: Callable[[], Patch]


def _accepting(verdict: Callable[[Tenure, int, Record], tuple[Tenure, bool]]) -> Patch:
    """The writer's readings of the accept rule, replaced; the checks keep the true one."""

    @contextmanager
    def everywhere() -> Iterator[None]:
        with (
            patch("commands.tenures.accept", verdict),
            patch("commands.writer.owner.accept", verdict),
            patch("commands.writer.takeover.accept", verdict),
            patch("commands.writer.settling.accept", verdict),
        ):
            yield

    return everywhere()


def _any_claim() -> Patch:
    def verdict(tenure: Tenure, offset: int, written: Record) -> tuple[Tenure, bool]:
        if isinstance(written, Claim):
            written = replace(written, previous=tenure.epoch)
        return accept(tenure, offset, written)

    return _accepting(verdict)


def _no_gap_read() -> Patch:
    async def unread(self: Owner, batch: Batch, base: int) -> None:
        return None

    return patch.object(Owner, "_read_gap", unread)


def _early_eviction() -> Patch:
    return patch.object(Heads, "_may_leave", lambda self, stream: stream not in self._pinned)


def _eviction_in_use() -> Patch:
    return patch.object(Heads, "_may_leave", lambda self, stream: stream not in self._dirty)


def _second_load() -> Patch:
    async def alone(self: Heads, stream: str) -> None:
        found = await self._checkpoints.load(self._partition, [stream])
        self._keep(stream, found.get(stream))

    def load(self: Heads, stream: str) -> "asyncio.Task[None]":
        return asyncio.create_task(alone(self, stream))

    return patch.object(Heads, "_load", load)


def _answer_before_durable() -> Patch:
    judge = Owner._judge

    def hasty(self: Owner, waiting: Waiting) -> None:
        judge(self, waiting)
        for item in self._building.items:
            if item.waiting is waiting and item.ruling.decision is not None:
                offset = self._building.next_offset - 1
                waiting.answer.give(answered(str(self._desk.partition), item.ruling, offset))

    return patch.object(Owner, "_judge", hasty)


def _answer_without_barrier() -> Patch:
    judge = Owner._judge

    def hasty(self: Owner, waiting: Waiting) -> None:
        judge(self, waiting)
        for item in self._building.items:
            if item.waiting is waiting and item.ruling.decision is None:
                self._answer_without_events(item, self._building.start - 1)

    return patch.object(Owner, "_judge", hasty)


def _head_reused() -> Patch:
    def served_on(self: Owner, batch: Batch) -> None:
        error = Unavailable("OUTCOME_UNKNOWN", "The outcome is not known; try again.")
        for item in batch.items:
            item.waiting.answer.fail(error)

    return patch.object(Owner, "_unknown", served_on)


def _epoch_served_twice() -> Patch:
    return patch.object(PartitionWriter, "_end_tenure", lambda self, tenure: None)


def _no_fence() -> Patch:
    return patch.object(SimulatedCheckpoints, "fenced", lambda self, partition, claimed_at: False)


def _lapse_unseen() -> Patch:
    return patch.object(SimulatedCheckpoints, "lapsed", lambda self, partition, since: False)


def _outdated_save() -> Patch:
    return patch.object(SimulatedCheckpoints, "outdated", lambda self, partition, saved: False)


def _no_replay() -> Patch:
    async def skipped(self: Any, entries: Sequence[Any]) -> None:
        for entry in entries:
            self._counted(entry)

    return patch.object(takeover._Replay, "fold", skipped)


def _replay_falls_short() -> Patch:
    fold = takeover._Replay.fold

    async def short(self: Any, entries: Sequence[Any]) -> None:
        await fold(self, entries[:-2])
        for entry in entries[-2:]:
            self._counted(entry)

    return patch.object(takeover._Replay, "fold", short)


def _requests_forgotten() -> Patch:
    return patch("commands.writer.ruling.remembered", lambda *about: None)


def _requests_not_saved() -> Patch:
    def bare(head: Head) -> bytes:
        return stored(Head(head.state, head.version, ()))

    return patch("commands.writer.heads.stored", bare)


def _settled_by_guess() -> Patch:
    async def guessed(
        partition: Any, unsettled: settling.Unsettled, next_claim: int, log: Any
    ) -> Sequence[Waiting]:
        for item in unsettled.batch.items:
            if item.ruling.decision is not None:
                offset = unsettled.batch.start
                item.waiting.answer.give(answered(str(partition), item.ruling, offset))
        return [item.waiting for item in unsettled.batch.items if not item.waiting.answer.given]

    return patch("commands.writer.settling.settle", guessed)


def _low_base_believed() -> Patch:
    land = Owner._land

    async def believing(self: Owner, batch: Batch, flight: "asyncio.Task[int]") -> Ended | None:
        if flight.exception() is None and flight.result() < batch.start:
            self._settle(batch)
            return None
        return await land(self, batch, flight)

    return patch.object(Owner, "_land", believing)


def _undurable_heads_saved() -> Patch:
    def dirty(self: Heads) -> Mapping[str, Head]:
        return {**self._dirty, **{stream: self._heads[stream] for stream in self._ahead}}

    return patch.object(Heads, "dirty", property(dirty))


def _clean_before_saved() -> Patch:
    save = Saver.save

    async def hasty(self: Saver) -> None:
        heads = self._owner.heads
        before = dict(heads.dirty)
        try:
            await save(self)
        finally:
            heads.saved(before, heads.since)

    return patch.object(Saver, "save", hasty)


def _checkpoint_runs_ahead() -> Patch:
    def ahead(offset: int, last_id: UUID | None, tenure: Tenure, at: datetime) -> Saved:
        return Saved(offset + 1, None, tenure, at)

    return patch("commands.writer.saving.Saved", ahead)


def _time_runs_backward() -> Patch:
    return patch("commands.writer.owner.max", lambda now, latest: now, create=True)


def _no_shift() -> Patch:
    def only_places(self: Owner, batch: Batch, by: int) -> None:
        batch.start += by
        self._building.start += by

    return patch.object(Owner, "_shift", only_places)


def _claim_unread() -> Patch:
    async def believed(self: Tenures, partition: Any, offset: int) -> None:
        assert isinstance(self._log, SimulatedLog)
        entry = self._log.entries(partition)[offset]
        claim = record.decode(entry.value)
        if isinstance(claim, Claim):
            place = self._places[partition]
            place.tenure = Tenure(claim.id, True, claim.owner, claim.endpoint, offset)

    return patch.object(Tenures, "reached", believed)


def _twin_judged_apart() -> Patch:
    return patch.object(InHand, "twin", lambda self, submission: None)


def _late_takeover_halts() -> Patch:
    async def halt(self: PartitionWriter, tenure: Tenure, error: Exception) -> None:
        await self._halt(tenure, error)

    return patch.object(PartitionWriter, "_halt_unless_fenced", halt)


def _judged_elsewhere() -> Patch:
    submit, opened = PartitionWriter.submit, PartitionWriter._open
    last: dict[int, Owner] = {}

    def opening(self: PartitionWriter, owner: Owner) -> None:
        last[id(self)] = owner
        opened(self, owner)

    async def judged(self: PartitionWriter, asked: Routed, within_s: float) -> Handled:
        owner = last.get(id(self))
        if self.serving or owner is None:
            return await submit(self, asked, within_s)
        try:
            heads = {name: owner.heads[name] for name in asked.streams}
        except KeyError:
            return await submit(self, asked, within_s)
        at, terms = owner.latest, owner._desk.terms
        ruling = rule(terms, asked, heads, at, owner.durable_next)
        if ruling.refusal is not None:
            raise ruling.refusal
        if ruling.decision is None and ruling.repeat is None:
            return answered(str(self.partition), ruling, owner.durable_next - 1)
        return await submit(self, asked, within_s)

    @contextmanager
    def both() -> Iterator[None]:
        with (
            patch.object(PartitionWriter, "_open", opening),
            patch.object(PartitionWriter, "submit", judged),
        ):
            yield

    return both()


def _old_barrier_trusted() -> Patch:
    judge = Owner._judge

    def joined(self: Owner, waiting: Waiting) -> None:
        judge(self, waiting)
        flying = self._flying
        if flying is not None and self._building.items:
            item = self._building.items[-1]
            if item.waiting is waiting and item.ruling.decision is None:
                flying.items.append(self._building.items.pop())

    return patch.object(Owner, "_judge", joined)


def _learned_in_flight() -> Patch:
    take_off = Owner._take_off

    def hasty(self: Owner) -> "asyncio.Task[int]":
        flight = take_off(self)
        self._desk.learned(self._building.start)
        return flight

    return patch.object(Owner, "_take_off", hasty)


PLANTS: Mapping[str, Plant] = {
    "any-claim": Plant("A claim counts whatever epoch it names as the previous one.", _any_claim),
    "no-gap-read": Plant("What others wrote before a batch is not read.", _no_gap_read),
    "early-eviction": Plant("A head leaves memory before a checkpoint has it.", _early_eviction),
    "eviction-in-use": Plant("A head leaves memory while a command waits.", _eviction_in_use),
    "second-load": Plant("Two loads of one head race; the later one wins.", _second_load),
    "answer-before-durable": Plant(
        "A decision is answered before it is durable.", _answer_before_durable
    ),
    "answer-without-barrier": Plant(
        "A refusal is answered without an append after it.", _answer_without_barrier
    ),
    "old-barrier-trusted": Plant(
        "A refusal waits only for an append that was under way before it.", _old_barrier_trusted
    ),
    "head-reused": Plant("After an unknown outcome the same heads serve on.", _head_reused),
    "epoch-served-twice": Plant("A tenure that ended is served again.", _epoch_served_twice),
    "no-fence": Plant("An old owner's checkpoint is taken after a takeover.", _no_fence),
    "lapse-unseen": Plant("A checkpoint adds to one that the store has lost.", _lapse_unseen),
    "outdated-save": Plant("A late checkpoint replaces a later one.", _outdated_save),
    "no-replay": Plant("A new owner serves from the checkpoint alone.", _no_replay),
    "replay-falls-short": Plant(
        "A new owner misses the record before its claim.", _replay_falls_short
    ),
    "requests-forgotten": Plant("A repeated request is judged anew.", _requests_forgotten),
    "requests-not-saved": Plant("Checkpoints leave the request ids out.", _requests_not_saved),
    "settled-by-guess": Plant(
        "An unknown outcome counts as success without reading the log.", _settled_by_guess
    ),
    "low-base-believed": Plant("A base offset below the expected is an ack.", _low_base_believed),
    "undurable-heads-saved": Plant(
        "A checkpoint holds decisions that are still in flight.", _undurable_heads_saved
    ),
    "clean-before-saved": Plant(
        "Heads count as saved although the store did not confirm.", _clean_before_saved
    ),
    "checkpoint-runs-ahead": Plant(
        "A checkpoint says one record more than it folded.", _checkpoint_runs_ahead
    ),
    "time-runs-backward": Plant("An owner's clock dates decisions as it is.", _time_runs_backward),
    "no-shift": Plant("Remembered requests keep their place after a gap.", _no_shift),
    "twin-judged-apart": Plant(
        "A repeat of a request still in hand is judged by itself.", _twin_judged_apart
    ),
    "late-takeover-halts": Plant(
        "A takeover that a newer owner has overtaken halts the partition.", _late_takeover_halts
    ),
    "claim-unread": Plant("An acked claim is believed without reading the log.", _claim_unread),
    "learned-in-flight": Plant(
        "What stands before a batch counts as known before the answer.", _learned_in_flight
    ),
    "judged-elsewhere": Plant("Who no longer owns judges by its old heads.", _judged_elsewhere),
}
