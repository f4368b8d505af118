"""What travels together."""

from uuid import UUID

from commands.submission import Handled
from commands.writer.answer import Answer
from commands.writer.batch import Batch, Waiting, fail
from events import record
from events.record import Barrier
from schemas.refusals import Unavailable
from tests.commands.cast import NOON
from tests.commands.writer.register import BEN, CLO, EPOCH, asked, ruled, submission
from tests.simulation.register import PARTITION, Mute, Unmute

BARRIER = Barrier(UUID(int=9, version=4), EPOCH, NOON)


def waiting() -> Waiting:
    return Waiting(asked(Mute(other=BEN)), Answer())


async def test_decisions_stand_one_after_another() -> None:
    batch = Batch(start=5, bytes_max=10_000)
    first = ruled(submission(Mute(other=BEN)), {})
    second = ruled(submission(Mute(other=CLO), 2), {})
    batch.add(waiting(), first)
    batch.add(waiting(), second)
    assert batch.next_offset == 7
    assert [value for _, value in batch.records] == [first.value, second.value]
    assert second.decision is not None
    assert batch.last_id == second.decision.id


async def test_answers_without_events_need_a_barrier_when_nothing_else_flies() -> None:
    batch = Batch(start=5, bytes_max=10_000)
    batch.add(waiting(), ruled(submission(Unmute(other=CLO)), {}))
    assert batch.records == []
    batch.seal(BARRIER, PARTITION)
    assert [record.decode(value) for _, value in batch.records] == [BARRIER]
    assert (batch.last_id, batch.next_offset) == (BARRIER.id, 6)


async def test_a_decision_is_barrier_enough() -> None:
    batch = Batch(start=5, bytes_max=10_000)
    batch.add(waiting(), ruled(submission(Unmute(other=CLO)), {}))
    batch.add(waiting(), ruled(submission(Mute(other=BEN)), {}))
    batch.seal(BARRIER, PARTITION)
    assert len(batch.records) == 1
    assert BARRIER.id not in batch.decision_ids
    assert len(batch.decision_ids) == 1


async def test_a_batch_is_full_at_its_size() -> None:
    ruling = ruled(submission(Mute(other=BEN)), {})
    roomy = Batch(start=0, bytes_max=10_000)
    roomy.add(waiting(), ruling)
    assert not roomy.full
    tight = Batch(start=0, bytes_max=len(ruling.value))
    assert not tight.full
    tight.add(waiting(), ruling)
    assert tight.full


async def test_only_who_still_waits_is_told_of_a_failure() -> None:
    answered, unanswered = waiting(), waiting()
    answered.answer.give(Handled(position={}, at=NOON))
    fail([answered, unanswered], Unavailable("OWNER_CHANGED", "Try again."))
    assert answered.answer.error is None
    assert isinstance(unanswered.answer.error, Unavailable)
