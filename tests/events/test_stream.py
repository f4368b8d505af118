"""Heads: how accepted decisions move them, what they remember, how they are stored."""

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from events import codec
from events.catalog import FOLDS, stream_of
from events.codec import Blind
from events.event import Event
from events.graph import FollowEnded, FollowEstablished, Following, Tie, tie_stream
from events.record import Decision
from events.stream import (
    MEMORY,
    DamagedHead,
    Head,
    VersionGap,
    moved,
    remembered,
    restored,
    stored,
)
from tests.events.records import NOON, an_id

ANA, BEN = UUID(int=1), UUID(int=2)
STREAM = tie_stream(ANA, BEN)
ESTABLISHED = FollowEstablished(target_id=ANA, follower_id=BEN)
ENDED = FollowEnded(target_id=ANA, follower_id=BEN, ended_by=BEN)
NEW = Head(Tie())


def decided(*events: Event, version: int = 1, request: int | None = None) -> Decision:
    """A decision with these events, the first at `version`."""
    facts = tuple(
        codec.encode(event, stream_of(event), version + number, Blind())
        for number, event in enumerate(events)
    )
    identified = None if request is None else an_id(request)
    return Decision(
        an_id(9), an_id(1), str(ANA), STREAM, "graph.Follow", NOON, facts, BEN, identified
    )


def test_a_head_moves_by_its_events() -> None:
    changed = moved({STREAM: NEW}, decided(ESTABLISHED, ENDED), (ESTABLISHED, ENDED), 5, FOLDS)
    assert changed == {STREAM: Head(Tie(follow=Following.NONE), 2)}


@pytest.mark.parametrize("version", [0, 2, 7])
def test_a_missing_or_doubled_version_is_never_folded(version: int) -> None:
    with pytest.raises(VersionGap, match="offset 5"):
        moved({STREAM: NEW}, decided(ESTABLISHED, version=version), (ESTABLISHED,), 5, FOLDS)


def test_a_request_is_remembered_in_its_scope_alone() -> None:
    changed = moved({STREAM: NEW}, decided(ESTABLISHED, request=77), (ESTABLISHED,), 5, FOLDS)
    head = changed[STREAM]
    seen = remembered(head, "graph.Follow", BEN, an_id(77))
    assert seen is not None
    assert seen.offset == 5
    assert remembered(head, "graph.Follow", ANA, an_id(77)) is None
    assert remembered(head, "graph.Block", BEN, an_id(77)) is None
    assert remembered(head, "graph.Follow", BEN, an_id(78)) is None


def test_a_request_is_forgotten_once_its_id_would_be_refused() -> None:
    first = moved({STREAM: NEW}, decided(ESTABLISHED, request=77), (ESTABLISHED,), 5, FOLDS)
    later = replace(decided(ENDED, version=2, request=78), at=NOON + MEMORY)
    second = moved(first, later, (ENDED,), 6, FOLDS)
    assert [seen.request for seen in second[STREAM].seen] == [an_id(78)]
    assert timedelta(hours=24) < MEMORY


def test_a_head_is_restored_as_it_was_stored() -> None:
    [head] = moved(
        {STREAM: NEW}, decided(ESTABLISHED, request=77), (ESTABLISHED,), 5, FOLDS
    ).values()
    assert restored(STREAM, stored(head), FOLDS) == head


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"damaged",
        b"\x90",
        stored(NEW)[:-1],
        stored(NEW) + b"\x00",
        b"\x93\x01\x90\xa1\xff",
    ],
)
def test_what_is_no_head_is_not_taken_for_one(value: bytes) -> None:
    with pytest.raises(DamagedHead, match=STREAM):
        restored(STREAM, value, FOLDS)
