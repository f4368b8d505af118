"""What became of a batch with an unknown outcome."""

from uuid import UUID

from msgspec.structs import replace

from commands.writer.answer import Answer
from commands.writer.batch import Batch, Waiting
from commands.writer.settling import Unsettled, settle
from events import record
from events.record import Claim
from tests.commands.cast import NOON
from tests.commands.writer.records import CLAIM, RIVALS_CLAIM, TENURE, land
from tests.commands.writer.register import BEN, CLO, asked, ruled, submission
from tests.simulation.register import PARTITION, Mute, Order, Unmute
from tests.simulation.standalone import fair_log
from tests.simulation.world import SimulatedLog


def batch_of_three() -> Batch:
    """A decision, nothing to do, and a decision; to stand at 1 and 2."""
    batch = Batch(start=1, bytes_max=10_000)
    commands: tuple[Order, ...] = (Mute(other=BEN), Unmute(other=CLO), Mute(other=CLO))
    for number, command in enumerate(commands):
        ruling = ruled(submission(command, number), {})
        if ruling.decision is not None:
            named = replace(ruling.decision, id=UUID(int=number + 1, version=4))
            ruling = replace(ruling, decision=named, value=record.encode(named))
        batch.add(Waiting(asked(command, number), Answer()), ruling)
    return batch


def claimed_log() -> SimulatedLog:
    log = fair_log()
    land(log, CLAIM)
    return log


async def test_what_landed_before_the_next_claim_is_answered() -> None:
    log, batch = claimed_log(), batch_of_three()
    land(log, b"damaged", *(value for _, value in batch.records), RIVALS_CLAIM)
    rest = await settle(PARTITION, Unsettled(batch, TENURE), next_claim=4, log=log)
    first, nothing, last = batch.items
    assert first.waiting.answer.handled is not None
    assert first.waiting.answer.handled.position == {str(PARTITION): 2}
    assert last.waiting.answer.handled is not None
    assert last.waiting.answer.handled.position == {str(PARTITION): 3}
    assert rest == [nothing.waiting]
    assert not nothing.waiting.answer.given


async def test_what_landed_behind_the_next_claim_never_counts() -> None:
    log, batch = claimed_log(), batch_of_three()
    land(log, RIVALS_CLAIM, *(value for _, value in batch.records))
    rest = await settle(PARTITION, Unsettled(batch, TENURE), next_claim=1, log=log)
    assert rest == [item.waiting for item in batch.items]


async def test_a_later_claim_tells_as_well() -> None:
    log, batch = claimed_log(), batch_of_three()
    land(log, RIVALS_CLAIM, *(value for _, value in batch.records))
    third = Claim(UUID(int=99, version=4), RIVALS_CLAIM.id, "third", "third:1", NOON)
    place = land(log, third)
    rest = await settle(PARTITION, Unsettled(batch, TENURE), next_claim=place, log=log)
    assert rest == [item.waiting for item in batch.items]
