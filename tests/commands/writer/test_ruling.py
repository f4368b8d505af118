"""What becomes of one submission, judged against heads in memory."""

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from commands.writer.ruling import Limits
from events.graph import MuteLifted, MuteSet, Tie
from events.stream import REMEMBERED_REQUESTS_MAX, Head, Seen
from tests.commands.cast import NOON
from tests.commands.writer.register import (
    BEN,
    BENS,
    CLO,
    CLOS,
    EPOCH,
    UNTOUCHED,
    request,
    ruled,
    submission,
)
from tests.simulation.register import ANA, Mute, Swap, Unmute

MUTED = Head(Tie(mutes=True), 1)


def reason(ruling_refusal: object) -> str:
    return str(getattr(ruling_refusal, "reason", None))


def test_an_accepted_command_becomes_one_decision() -> None:
    ruling = ruled(submission(Mute(other=BEN)), {}, offset=10)
    assert ruling.events == (MuteSet(muter_id=ANA, muted_id=BEN),)
    assert ruling.decision is not None
    assert (ruling.decision.epoch, ruling.decision.at) == (EPOCH, NOON)
    assert [(fact.stream, fact.version) for fact in ruling.decision.facts] == [(BENS, 1)]
    assert ruling.heads[BENS].state == Tie(mutes=True)
    assert [(seen.request, seen.offset) for seen in ruling.heads[BENS].seen] == [(request(1), 10)]


def test_a_decision_may_move_two_streams_but_only_its_home_remembers() -> None:
    ruling = ruled(submission(Swap(muted=BEN, lifted=CLO)), {CLOS: MUTED})
    assert ruling.events == (
        MuteSet(muter_id=ANA, muted_id=BEN),
        MuteLifted(muter_id=ANA, muted_id=CLO),
    )
    assert (ruling.heads[BENS].version, ruling.heads[CLOS].version) == (1, 2)
    assert (len(ruling.heads[BENS].seen), len(ruling.heads[CLOS].seen)) == (1, 0)


def test_what_the_decider_refuses_is_refused() -> None:
    ruling = ruled(submission(Mute(other=BEN)), {BENS: MUTED})
    assert reason(ruling.refusal) == "ALREADY_MUTED"
    assert ruling.decision is None
    assert ruling.heads == {}


def test_nothing_to_do_records_nothing() -> None:
    ruling = ruled(submission(Unmute(other=BEN)), {})
    assert (ruling.decision, ruling.refusal, ruling.repeat) == (None, None, None)


def test_a_remembered_request_is_a_repeat_whatever_has_happened_since() -> None:
    first = ruled(submission(Mute(other=BEN)), {}, offset=10)
    lifted = replace(first.heads[BENS], state=Tie(mutes=False), version=2)
    again = ruled(submission(Mute(other=BEN)), {BENS: lifted}, offset=20)
    assert again.repeat is not None
    assert again.repeat.offset == 10
    assert again.decision is None


def test_a_request_id_with_another_body_is_refused() -> None:
    first = ruled(submission(Mute(other=BEN)), {})
    again = ruled(submission(Unmute(other=BEN)), first.heads)
    assert reason(again.refusal) == "REQUEST_ID_REUSED"


def test_the_callers_body_stands_for_the_command() -> None:
    first = ruled(replace(submission(Mute(other=BEN)), body=b"mute ben"), {})
    again = ruled(replace(submission(Unmute(other=BEN)), body=b"mute ben"), first.heads)
    assert again.repeat is not None


def test_another_actor_may_draw_the_same_request_id() -> None:
    first = ruled(submission(Mute(other=BEN)), {})
    theirs = replace(submission(Unmute(other=BEN)), actor=UUID(int=5, version=4))
    assert ruled(theirs, first.heads).decision is not None


@pytest.mark.parametrize(
    ("drawn", "refused"),
    [
        (timedelta(hours=-24, seconds=-1), "REQUEST_ID_TOO_OLD"),
        (timedelta(hours=-24), "None"),
        (timedelta(minutes=5), "None"),
        (timedelta(minutes=5, seconds=1), "REQUEST_ID_IN_FUTURE"),
    ],
)
def test_request_ids_have_a_window(drawn: timedelta, refused: str) -> None:
    asked = replace(submission(Mute(other=BEN)), request=request(1, drawn=drawn))
    assert reason(ruled(asked, {}).refusal) == refused


def test_a_request_id_of_another_kind_is_refused() -> None:
    asked = replace(submission(Mute(other=BEN)), request=UUID(int=1, version=4))
    assert reason(ruled(asked, {}).refusal) == "REQUEST_ID_INVALID"


def test_a_permission_checked_too_long_ago_is_refused() -> None:
    asked = replace(submission(Mute(other=BEN)), checked_at=NOON)
    assert ruled(asked, {}, after=timedelta(seconds=5)).decision is not None
    stale = ruled(asked, {}, after=timedelta(seconds=5, microseconds=1))
    assert reason(stale.refusal) == "CHECK_TOO_OLD"


def test_an_owner_whose_clock_was_ahead_leaves_permissions_their_time() -> None:
    asked = replace(submission(Mute(other=BEN)), checked_at=NOON)
    assert ruled(asked, {}, ahead=timedelta(hours=1)).decision is not None


def test_a_repeat_needs_no_new_permission() -> None:
    asked = replace(submission(Mute(other=BEN)), checked_at=NOON)
    first = ruled(asked, {})
    assert ruled(asked, first.heads, after=timedelta(hours=1)).repeat is not None


def test_a_decision_that_is_too_large_is_refused() -> None:
    ruling = ruled(submission(Mute(other=BEN)), {}, limits=Limits(decision_bytes=100))
    assert reason(ruling.refusal) == "DECISION_TOO_LARGE"


def test_a_state_that_would_grow_too_large_is_refused() -> None:
    ruling = ruled(submission(Mute(other=BEN)), {}, limits=Limits(state_bytes=10))
    assert reason(ruling.refusal) == "STATE_TOO_LARGE"


def test_a_stream_remembers_so_many_requests_and_then_refuses_more() -> None:
    seen = tuple(
        Seen("test", None, request(number), b"", number, NOON)
        for number in range(REMEMBERED_REQUESTS_MAX)
    )
    crowded = replace(UNTOUCHED, seen=seen)
    asked = submission(Mute(other=BEN), REMEMBERED_REQUESTS_MAX + 1)
    assert reason(ruled(asked, {BENS: crowded}).refusal) == "TOO_MANY_REQUESTS"
    fewer = replace(UNTOUCHED, seen=seen[1:])
    assert ruled(asked, {BENS: fewer}).decision is not None
    asked_later = replace(asked, request=request(1, drawn=timedelta(hours=25)))
    later = ruled(asked_later, {BENS: crowded}, after=timedelta(hours=25))
    assert later.decision is not None
    assert len(later.heads[BENS].seen) == 1


def test_a_command_without_a_request_id_is_not_remembered() -> None:
    ruling = ruled(submission(Mute(other=BEN), None), {})
    assert ruling.decision is not None
    assert ruling.heads[BENS].seen == ()
