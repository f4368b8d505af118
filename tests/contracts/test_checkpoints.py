"""What owners rely on, wherever checkpoints are kept."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from events.tenure import Tenure
from events.topics import Partition
from infra.checkpoints.port import Checkpoints, Fenced, Lapsed, Saved
from tests.contracts.implementations import CHECKPOINTS, Opening

PEOPLE = Partition("people", 0)
OTHERS = Partition("people", 1)
CLAIM = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
SAVED = Saved(
    offset=42,
    last_id=UUID("01890a5d-ac96-774b-bcce-b302099a8058"),
    tenure=Tenure(CLAIM, True, "one", "127.0.0.1:7001", 7),
    at=datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC),
)


@pytest.fixture(params=sorted(CHECKPOINTS))
async def checkpoints(request: Opening) -> AsyncIterator[Checkpoints]:
    async with CHECKPOINTS[request.param](request) as opened:
        yield opened


async def test_a_partition_without_a_checkpoint_starts_at_zero(checkpoints: Checkpoints) -> None:
    assert await checkpoints.peek(PEOPLE) == Saved()
    assert await checkpoints.take(PEOPLE, 7) == Saved()
    assert await checkpoints.peek(PEOPLE) == Saved()


async def test_the_next_owner_finds_what_the_last_one_saved(checkpoints: Checkpoints) -> None:
    await checkpoints.take(PEOPLE, 7)
    await checkpoints.save(PEOPLE, 7, SAVED, {"tie-a-b": b"\x81\x00head"})
    assert await checkpoints.peek(PEOPLE) == SAVED
    assert await checkpoints.take(PEOPLE, 50) == SAVED
    assert await checkpoints.load(PEOPLE, ["tie-a-b"]) == {"tie-a-b": b"\x81\x00head"}


async def test_an_owner_may_take_its_own_checkpoint_again(checkpoints: Checkpoints) -> None:
    await checkpoints.take(PEOPLE, 7)
    await checkpoints.save(PEOPLE, 7, SAVED, {})
    assert await checkpoints.take(PEOPLE, 7) == SAVED


async def test_a_later_head_replaces_the_earlier(checkpoints: Checkpoints) -> None:
    await checkpoints.take(PEOPLE, 7)
    await checkpoints.save(PEOPLE, 7, SAVED, {"tie-a": b"one", "tie-b": b"one"})
    await checkpoints.save(PEOPLE, 7, Saved(offset=43), {"tie-b": b"two", "tie-c": b"two"})
    assert await checkpoints.load(PEOPLE, ["tie-a", "tie-b", "tie-c"]) == {
        "tie-a": b"one",
        "tie-b": b"two",
        "tie-c": b"two",
    }
    assert await checkpoints.peek(PEOPLE) == Saved(offset=43)


async def test_absent_streams_are_left_out(checkpoints: Checkpoints) -> None:
    await checkpoints.take(PEOPLE, 7)
    await checkpoints.save(PEOPLE, 7, SAVED, {"tie-a": b"one"})
    assert await checkpoints.load(PEOPLE, ["tie-a", "tie-z"]) == {"tie-a": b"one"}
    assert await checkpoints.load(PEOPLE, []) == {}


async def test_a_zombie_saves_nothing(checkpoints: Checkpoints) -> None:
    await checkpoints.take(PEOPLE, 7)
    await checkpoints.save(PEOPLE, 7, SAVED, {"tie-a": b"before"})
    await checkpoints.take(PEOPLE, 50)
    with pytest.raises(Fenced):
        await checkpoints.save(PEOPLE, 7, Saved(offset=60), {"tie-a": b"late", "tie-b": b"late"})
    assert await checkpoints.load(PEOPLE, ["tie-a", "tie-b"]) == {"tie-a": b"before"}
    assert await checkpoints.peek(PEOPLE) == SAVED


async def test_a_checkpoint_never_goes_back(checkpoints: Checkpoints) -> None:
    await checkpoints.take(PEOPLE, 7)
    await checkpoints.save(PEOPLE, 7, SAVED, {"tie-a": b"later"})
    with pytest.raises(Fenced):
        await checkpoints.save(PEOPLE, 7, Saved(offset=41), {"tie-a": b"earlier"})
    assert await checkpoints.peek(PEOPLE) == SAVED
    assert await checkpoints.load(PEOPLE, ["tie-a"]) == {"tie-a": b"later"}


async def test_a_zombie_takes_nothing(checkpoints: Checkpoints) -> None:
    await checkpoints.take(PEOPLE, 50)
    with pytest.raises(Fenced):
        await checkpoints.take(PEOPLE, 7)
    await checkpoints.save(PEOPLE, 50, SAVED, {})


async def test_peeking_fences_nobody(checkpoints: Checkpoints) -> None:
    await checkpoints.take(PEOPLE, 7)
    await checkpoints.peek(PEOPLE)
    await checkpoints.save(PEOPLE, 7, SAVED, {})
    assert await checkpoints.peek(PEOPLE) == SAVED


async def test_partitions_are_fenced_apart(checkpoints: Checkpoints) -> None:
    await checkpoints.take(PEOPLE, 50)
    await checkpoints.take(OTHERS, 7)
    await checkpoints.save(OTHERS, 7, SAVED, {"tie-a": b"others"})
    assert await checkpoints.load(PEOPLE, ["tie-a"]) == {}
    assert await checkpoints.peek(PEOPLE) == Saved()


async def test_a_save_that_races_a_takeover_is_seen_by_it_or_fenced(
    checkpoints: Checkpoints,
) -> None:
    for claim in range(0, 40, 2):
        await checkpoints.take(PEOPLE, claim)
        late = Saved(offset=claim + 1)
        save, taken = await asyncio.gather(
            checkpoints.save(PEOPLE, claim, late, {"tie-a": b"%d" % claim}),
            checkpoints.take(PEOPLE, claim + 1),
            return_exceptions=True,
        )
        assert isinstance(taken, Saved)
        assert (taken == late) is not isinstance(save, Fenced)


async def test_many_heads_are_saved_at_once(checkpoints: Checkpoints) -> None:
    heads = {f"tie-{number}": b"%d" % number for number in range(12_000)}
    await checkpoints.take(PEOPLE, 7)
    await checkpoints.save(PEOPLE, 7, SAVED, heads)
    assert await checkpoints.load(PEOPLE, list(heads)) == heads


async def test_a_zombie_with_many_heads_saves_none_of_them(checkpoints: Checkpoints) -> None:
    heads = {f"tie-{number}": b"late" for number in range(12_000)}
    await checkpoints.take(PEOPLE, 50)
    with pytest.raises(Fenced):
        await checkpoints.save(PEOPLE, 7, SAVED, heads)
    assert await checkpoints.load(PEOPLE, list(heads)) == {}
    assert await checkpoints.peek(PEOPLE) == Saved()


async def test_nothing_is_added_to_a_checkpoint_that_was_lost(checkpoints: Checkpoints) -> None:
    await checkpoints.take(PEOPLE, 7)
    await checkpoints.save(PEOPLE, 7, SAVED, {"tie-a": b"kept"})
    for behind in (43, 60):
        with pytest.raises(Fenced):
            await checkpoints.save(PEOPLE, 7, Saved(offset=60), {"tie-a": b"new"}, behind)
        with pytest.raises(Lapsed):
            await checkpoints.load(PEOPLE, ["tie-a"], behind)
    assert await checkpoints.peek(PEOPLE) == SAVED
    assert await checkpoints.load(PEOPLE, ["tie-a"], 42) == {"tie-a": b"kept"}
    await checkpoints.save(PEOPLE, 7, Saved(offset=60), {"tie-a": b"new"}, 42)
    assert await checkpoints.load(PEOPLE, ["tie-a"], 60) == {"tie-a": b"new"}


async def test_a_partition_whose_checkpoint_is_gone_altogether_is_lost_as_well(
    checkpoints: Checkpoints,
) -> None:
    with pytest.raises(Fenced):
        await checkpoints.save(PEOPLE, 7, SAVED, {"tie-a": b"head"}, 1)
    with pytest.raises(Lapsed):
        await checkpoints.load(PEOPLE, ["tie-a"], 1)
    assert await checkpoints.peek(PEOPLE) == Saved()
