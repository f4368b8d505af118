"""From a valid claim to heads that can be served."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from commands.writer import takeover
from commands.writer.takeover import ForeignLog, Unfoldable, take_over
from events.graph import Tie
from events.record import Barrier, Claim
from events.stream import Head, stored
from infra.checkpoints.port import Fenced, Saved
from infra.log.port import Entry
from tests.commands.cast import NOON
from tests.commands.writer.records import CLAIM, RIVAL, RIVALS_CLAIM, TENURE, decision, land
from tests.commands.writer.register import BEN, BENS, CLO, CLOS, EPOCH, ruled, submission
from tests.simulation.register import PARTITION, Mute, Swap, Unmute
from tests.simulation.standalone import fair_checkpoints, fair_log
from tests.simulation.world import SimulatedCheckpoints, SimulatedLog

RIVALS = replace(TENURE, epoch=RIVAL, owner="rival", endpoint="rival:1")


@pytest.fixture
def log() -> SimulatedLog:
    return fair_log()


@pytest.fixture
def store() -> SimulatedCheckpoints:
    return fair_checkpoints()


async def test_without_a_checkpoint_everything_is_replayed(
    log: SimulatedLog, store: SimulatedCheckpoints
) -> None:
    land(log, CLAIM, decision(Mute(other=BEN), 1), decision(Swap(muted=CLO, lifted=BEN), 2))
    at = land(log, RIVALS_CLAIM)
    taken = await take_over(PARTITION, replace(RIVALS, claimed_at=at), log, store)
    assert (taken.heads[BENS].version, taken.heads[CLOS].version) == (1, 1)
    assert (taken.next_offset, taken.last_id, taken.at) == (4, RIVAL, NOON)
    assert set(taken.heads.dirty) == {BENS, CLOS}


async def test_only_the_tail_behind_the_checkpoint_is_replayed(
    log: SimulatedLog, store: SimulatedCheckpoints
) -> None:
    land(log, CLAIM, b"could not be folded", decision(Mute(other=CLO)))
    saved = Saved(offset=2, last_id=None, tenure=TENURE, at=NOON + timedelta(hours=1))
    await store.save(PARTITION, 0, saved, {BENS: stored(Head(Tie(mutes=True), 1))})
    at = land(log, RIVALS_CLAIM)
    taken = await take_over(PARTITION, replace(RIVALS, claimed_at=at), log, store)
    await taken.heads.bring([BENS])
    assert (taken.heads[BENS].version, taken.heads[CLOS].version) == (1, 1)
    assert taken.at == NOON + timedelta(hours=1)
    assert set(taken.heads.dirty) == {CLOS}


async def test_a_long_replay_saves_on_its_way_and_keeps_few_heads(
    log: SimulatedLog, store: SimulatedCheckpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "REPLAY_ENTRIES", 1)
    land(log, CLAIM, decision(Mute(other=BEN)), decision(Mute(other=CLO)))
    bens = ruled(submission(Unmute(other=BEN), 2), {BENS: Head(Tie(mutes=True), 1)})
    assert bens.decision is not None
    land(log, b"damaged", bens.decision)
    at = land(log, RIVALS_CLAIM)
    plain = await take_over(PARTITION, replace(RIVALS, claimed_at=at), log, fair_checkpoints())
    taken = await take_over(PARTITION, replace(RIVALS, claimed_at=at), log, store, save_at=1)
    assert len(taken.heads) == 1
    assert taken.heads.dirty == {}
    await taken.heads.bring([BENS, CLOS])
    assert [taken.heads[one] for one in (BENS, CLOS)] == [plain.heads[BENS], plain.heads[CLOS]]
    assert taken.heads[BENS].version == 2
    # Whoever is next goes on behind the last decision, under the tenure that was in force there.
    saved = await store.peek(PARTITION)
    assert (saved.offset, saved.tenure) == (at, TENURE)


async def test_a_replay_that_was_overtaken_saves_nothing(
    log: SimulatedLog, store: SimulatedCheckpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(log, CLAIM, decision(Mute(other=BEN)))
    at = land(log, RIVALS_CLAIM)
    read = log.read

    async def overtaken(*asked: Any) -> Sequence[Entry]:
        await store.take(PARTITION, at + 1)
        return await read(*asked)

    monkeypatch.setattr(log, "read", overtaken)
    with pytest.raises(Fenced):
        await take_over(PARTITION, replace(RIVALS, claimed_at=at), log, store, save_at=1)
    assert (await store.peek(PARTITION)).offset == 0


async def test_what_does_not_count_is_not_folded(
    log: SimulatedLog, store: SimulatedCheckpoints
) -> None:
    land(log, CLAIM, replace(decision(Mute(other=BEN)), epoch=RIVAL), b"damaged")
    at = land(log, RIVALS_CLAIM, decision(Mute(other=CLO)))
    taken = await take_over(PARTITION, replace(RIVALS, claimed_at=at), log, store)
    assert taken.heads.dirty == {}
    assert taken.next_offset == at + 1


async def test_the_claims_own_time_counts(log: SimulatedLog, store: SimulatedCheckpoints) -> None:
    late = NOON + timedelta(hours=2)
    land(log, CLAIM, Barrier(RIVAL, EPOCH, late))
    at = land(log, RIVALS_CLAIM)
    taken = await take_over(PARTITION, replace(RIVALS, claimed_at=at), log, store)
    assert taken.at == late


async def test_a_newer_claim_has_the_checkpoint_already(
    log: SimulatedLog, store: SimulatedCheckpoints
) -> None:
    land(log, CLAIM)
    await store.take(PARTITION, 1)
    with pytest.raises(Fenced):
        await take_over(PARTITION, TENURE, log, store)


async def test_a_checkpoint_beyond_the_log_is_of_another_log(
    log: SimulatedLog, store: SimulatedCheckpoints
) -> None:
    land(log, CLAIM)
    await store.save(PARTITION, 0, Saved(offset=5, last_id=EPOCH), {})
    with pytest.raises(ForeignLog, match="the log ends at 1"):
        await take_over(PARTITION, TENURE, log, store)


async def test_a_checkpoint_that_ends_with_another_record_is_of_another_log(
    log: SimulatedLog, store: SimulatedCheckpoints
) -> None:
    land(log, CLAIM, Claim(RIVAL, EPOCH, "rival", "rival:1", NOON))
    await store.save(PARTITION, 0, Saved(offset=1, last_id=RIVAL), {})
    with pytest.raises(ForeignLog, match="Offset 0"):
        await take_over(PARTITION, replace(RIVALS, claimed_at=1), log, store)


async def test_a_log_that_does_not_follow_the_checkpoint_cannot_be_served(
    log: SimulatedLog, store: SimulatedCheckpoints
) -> None:
    land(log, CLAIM, decision(Mute(other=BEN), 1), decision(Mute(other=BEN), 2))
    at = land(log, RIVALS_CLAIM)
    with pytest.raises(Unfoldable, match="VersionGap"):
        await take_over(PARTITION, replace(RIVALS, claimed_at=at), log, store)
