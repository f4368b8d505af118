"""The checker itself: each thing that must never be is found, and a good history passes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra.log.port import Entry
from tests.faults.checker import Broken, Shards, check
from tests.faults.history import Answer, Asked, History

ANA, BEN = UUID(int=1), UUID(int=2)
FIRST, SECOND, THIRD = UUID(int=11), UUID(int=12), UUID(int=13)
PARTITION = "people-0"


def claim(epoch: str, previous: str | None) -> Mapping[str, Any]:
    return {"kind": "claim", "id": epoch, "previous": previous, "owner": epoch}


def release(epoch: str) -> Mapping[str, Any]:
    return {"kind": "release", "epoch": epoch}


def follow(epoch: str, request: UUID, version: int, *, ends: bool = False) -> Mapping[str, Any]:
    """A decision of `epoch`: Ben follows Ana, or does no more."""
    fact = {
        "type": "follow.ended" if ends else "follow.established",
        "stream": "tie",
        "version": version,
        "data": {"target_id": str(ANA), "follower_id": str(BEN)},
    }
    return {"kind": "decision", "epoch": epoch, "request": str(request), "facts": [fact]}


def shards(*records: Mapping[str, Any]) -> Shards:
    encoded = (msgspec.msgpack.encode(record) for record in records)
    return Shards(PARTITION, [Entry(at, None, value) for at, value in enumerate(encoded)])


def judge(log: Shards, *answers: Answer) -> None:
    history = History()
    for answer in answers:
        history.add(answer)
    check(history, {PARTITION: log})


def told(
    rpc: str, request: UUID, offset: int = -1, reason: str = "", since: int = -1, at: float = 0.0
) -> Answer:
    asked = Asked(rpc, request, BEN, ANA, BEN)
    return Answer(asked, PARTITION, since, at, at + 0.5, offset, reason)


LOG = (claim("e1", None), follow("e1", FIRST, 1), follow("e1", SECOND, 2, ends=True))


def test_a_true_history_passes() -> None:
    judge(
        shards(*LOG),
        told("Follow", FIRST, 1),
        told("Follow", THIRD, 2, since=0),
        told("Unfollow", SECOND, 2, since=1),
        told("CancelRequest", THIRD, reason="REQUEST_NOT_PENDING"),
    )


def test_what_was_acked_and_is_not_there_is_found() -> None:
    with pytest.raises(Broken, match="lost"):
        judge(shards(*LOG), told("Follow", THIRD, 3))
    with pytest.raises(Broken, match="is not in the log"):
        judge(shards(*LOG), told("UpdateProfile", THIRD, 2))


def test_an_ack_of_a_deposed_owner_is_found() -> None:
    log = shards(claim("e1", None), claim("e2", "e1"), follow("e1", FIRST, 1))
    with pytest.raises(Broken, match="something to do"):
        judge(log, told("Follow", FIRST, 2))


def test_a_claim_that_names_an_old_epoch_deposes_nobody() -> None:
    log = shards(claim("e1", None), claim("e2", "e0"), follow("e1", FIRST, 1))
    judge(log, told("Follow", FIRST, 2))


def test_nothing_counts_after_a_release() -> None:
    log = shards(claim("e1", None), release("e1"), follow("e1", FIRST, 1))
    with pytest.raises(Broken, match="something to do"):
        judge(log, told("Follow", FIRST, 2))


def test_a_request_with_two_effects_is_found() -> None:
    with pytest.raises(Broken, match="stands at"):
        shards(*LOG, follow("e1", FIRST, 3))


@pytest.mark.parametrize("version", [2, 4])
def test_a_version_that_does_not_follow_is_found(version: int) -> None:
    with pytest.raises(Broken, match="goes from version 2"):
        shards(*LOG, follow("e1", THIRD, version))


def test_another_offset_for_a_repeated_request_is_found() -> None:
    with pytest.raises(Broken, match="one effect"):
        judge(shards(*LOG), told("Follow", FIRST, 2))


def test_a_refusal_that_took_effect_is_found() -> None:
    with pytest.raises(Broken, match="took effect"):
        judge(shards(*LOG), told("CancelRequest", FIRST, reason="REQUEST_NOT_PENDING"))


def test_an_answer_that_was_true_at_no_moment_is_found() -> None:
    with pytest.raises(Broken, match="something to do"):
        judge(shards(*LOG), told("Follow", THIRD, 2, since=2))
    with pytest.raises(Broken, match="no moment"):
        judge(shards(*LOG), told("CancelRequest", THIRD, reason="REQUEST_NOT_PENDING", since=2))


def test_a_refusal_speaks_of_nothing_that_was_sent_after_it() -> None:
    early = told("CancelRequest", THIRD, reason="REQUEST_NOT_PENDING")
    with pytest.raises(Broken, match="no moment"):
        judge(shards(*LOG), early, told("Follow", FIRST, 1, at=1.0))


def test_a_hole_is_found() -> None:
    value = msgspec.msgpack.encode(claim("e1", None))
    with pytest.raises(Broken, match="stands at place"):
        Shards(PARTITION, [Entry(1, None, value)])
