"""One tenure: what it appends, what it makes of base offsets, whom it answers when."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from commands.writer.owner import Ending
from events.record import Barrier, Decision, Release
from infra.log.port import AppendUnknown
from schemas.refusals import Conflict, Unavailable
from tests.commands.cast import NOON
from tests.commands.writer.records import RIVALS_CLAIM, Stage, held, land, settled
from tests.commands.writer.register import BEN, BENS, CLO, request
from tests.simulation.register import PARTITION, Mute, Swap, Unmute

AT = str(PARTITION)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    staged = Stage()
    yield staged
    staged.running.cancel()
    await asyncio.gather(staged.running, return_exceptions=True)


async def lost() -> None:
    raise AppendUnknown("The batch is lost.")


async def test_a_decision_is_answered_with_its_place(stage: Stage) -> None:
    first = await stage.ask(Mute(other=BEN), 1)
    second = await stage.ask(Mute(other=CLO), 2)
    assert (first.position, second.position) == ({AT: 1}, {AT: 2})
    assert [len(batch) for batch in stage.appender.batches] == [1, 1]


async def test_what_comes_during_a_flight_flies_together_afterwards(stage: Stage) -> None:
    with held(stage):
        asked = [stage.ask(Mute(other=BEN), 1)]
        await settled()
        asked += [stage.ask(Unmute(other=BEN), 2), stage.ask(Mute(other=BEN), 3)]
        await settled()
        assert not any(task.done() for task in asked)
    answers = await asyncio.gather(*asked)
    assert [len(batch) for batch in stage.appender.batches] == [1, 2]
    assert [answer.position for answer in answers] == [{AT: 1}, {AT: 2}, {AT: 3}]


async def test_a_refusal_waits_for_an_append_that_began_after_it(stage: Stage) -> None:
    with held(stage):
        muting = stage.ask(Mute(other=BEN), 1)
        await settled()
        with held(stage):
            refused = stage.ask(Mute(other=BEN), 2)
            await settled()
            assert not refused.done()
        assert not muting.done()
    await muting
    with pytest.raises(Conflict):
        await refused
    assert isinstance(stage.appender.batches[1][0], Barrier)


async def test_nothing_to_do_is_answered_with_the_place_of_the_barrier(stage: Stage) -> None:
    handled = await stage.ask(Unmute(other=BEN))
    assert (handled.events, handled.position) == ((), {AT: 1})


async def test_a_repeat_gets_its_first_answer_again(stage: Stage) -> None:
    first = await stage.ask(Mute(other=BEN), 1)
    await stage.ask(Unmute(other=BEN), 2)
    again = await stage.ask(Mute(other=BEN), 1)
    assert (again.events, again.position, again.at) == (first.events, first.position, first.at)
    assert (first.repeated, again.repeated) == (False, True)


async def test_a_repeat_of_what_is_still_in_hand_shares_its_answer(stage: Stage) -> None:
    with held(stage):
        asked = [stage.ask(Mute(other=BEN), 1) for _ in range(3)]
        await settled()
    first, *others = await asyncio.gather(*asked)
    assert others == [first, first]
    assert len(stage.log.entries(PARTITION)) == 2


async def test_an_id_used_with_two_bodies_at_once_is_the_first_one_s(stage: Stage) -> None:
    first = await stage.ask(Mute(other=BEN), 1)
    with held(stage):
        other = stage.ask(Unmute(other=BEN), 1)
        await settled()
        # The other one is in hand, and will be refused: that is no reason to refuse the first.
        again = stage.ask(Mute(other=BEN), 1)
        await settled()
    with pytest.raises(Conflict) as refused:
        await other
    assert refused.value.reason == "REQUEST_ID_REUSED"
    assert (await again).position == first.position


async def test_a_caller_that_goes_away_changes_nothing(stage: Stage) -> None:
    with held(stage):
        gone = stage.ask(Mute(other=BEN), 1)
        await settled()
        gone.cancel()
        await settled()
    assert (await stage.ask(Mute(other=BEN), 1)).position == {AT: 1}


async def test_records_of_strangers_in_between_only_move_the_place(stage: Stage) -> None:
    with held(stage):
        first = stage.ask(Mute(other=BEN), 1)
        await settled()
        second = stage.ask(Mute(other=CLO), 2)
        await settled()
        land(stage.log, b"damaged", b"damaged too")
    assert (await first).position == {AT: 3}
    assert (await second).position == {AT: 4}
    assert [seen.offset for seen in stage.heads[BENS].seen] == [3]
    assert (await stage.ask(Mute(other=BEN), 1)).position == {AT: 3}


async def test_a_rivals_claim_before_the_batch_ends_the_tenure(stage: Stage) -> None:
    with held(stage):
        first = stage.ask(Mute(other=BEN), 1)
        await settled()
        second = stage.ask(Mute(other=CLO), 2)
        await settled()
        land(stage.log, RIVALS_CLAIM)
    for asked in (first, second):
        with pytest.raises(Unavailable) as refused:
            await asked
        assert refused.value.reason == "OWNER_CHANGED"
    assert (await stage.running).ending is Ending.RESIGNED
    assert not stage.opened.is_set()
    assert BENS not in stage.heads.dirty


async def test_a_rivals_claim_after_the_batch_takes_nothing_back(stage: Stage) -> None:
    with held(stage):
        asked = stage.ask(Mute(other=BEN), 1)
        await settled()
        stage.owner.end(Ending.RESIGNED)
    assert (await asked).position == {AT: 1}
    assert (await stage.running).ending is Ending.RESIGNED


async def test_an_unknown_outcome_ends_the_tenure_and_answers_nobody(stage: Stage) -> None:
    stage.appender.script.append(lost)
    asked = stage.ask(Mute(other=BEN), 1)
    ended = await stage.running
    assert ended.ending is Ending.UNKNOWN
    assert ended.unsettled is not None
    assert len(ended.unsettled.items) == 1
    await settled()
    assert not asked.done()
    asked.cancel()


async def test_a_base_below_the_expected_is_an_unknown_outcome(stage: Stage) -> None:
    stage.appender.answers.append(-1)
    asked = stage.ask(Mute(other=BEN), 1)
    assert (await stage.running).ending is Ending.UNKNOWN
    await settled()
    assert not asked.done()
    asked.cancel()


async def test_what_was_not_sent_yet_comes_back_from_an_unknown_outcome(stage: Stage) -> None:
    with held(stage):
        stage.appender.answers.append(None)
        asked = [stage.ask(Mute(other=BEN), 1)]
        await settled()
        asked.append(stage.ask(Mute(other=CLO), 2))
        await settled()
    ended = await stage.running
    assert [waiting.asked.submission.request for waiting in ended.unsent] == [request(2)]
    for task in asked:
        task.cancel()


async def test_a_release_first_finishes_what_was_taken(stage: Stage) -> None:
    with held(stage):
        asked = [stage.ask(Mute(other=BEN), 1)]
        await settled()
        asked.append(stage.ask(Unmute(other=CLO), 2))
        await settled()
        stage.owner.end(Ending.RELEASED)
        assert not stage.opened.is_set()
    assert [answer.position for answer in await asyncio.gather(*asked)] == [{AT: 1}, {AT: 2}]
    assert (await stage.running).ending is Ending.RELEASED
    await stage.owner.release()
    kinds = [type(batch[0]) for batch in stage.appender.batches]
    assert kinds == [Decision, Barrier, Release]


async def test_what_comes_after_the_end_is_turned_away(stage: Stage) -> None:
    stage.owner.end(Ending.RELEASED)
    await stage.running
    with pytest.raises(Unavailable) as refused:
        await stage.ask(Mute(other=BEN), 1)
    assert refused.value.reason == "OWNER_CHANGED"


async def test_time_never_runs_backward(stage: Stage) -> None:
    first = await stage.ask(Mute(other=BEN), 1)
    stage.now = NOON - timedelta(hours=1)
    second = await stage.ask(Mute(other=CLO), 2)
    stage.now = NOON + timedelta(hours=1)
    third = await stage.ask(Unmute(other=CLO), 3)
    assert (first.at, second.at, third.at) == (NOON, NOON, NOON + timedelta(hours=1))


async def test_a_bug_in_a_decider_hurts_only_its_caller(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(
            "commands.writer.owner.rule", lambda *about: (_ for _ in ()).throw(ZeroDivisionError)
        )
        with pytest.raises(ZeroDivisionError):
            await stage.ask(Mute(other=BEN), 1)
    assert (await stage.ask(Swap(muted=BEN, lifted=CLO), 2)).position == {AT: 1}
