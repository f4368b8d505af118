"""Which heads may leave memory, and how absent ones come in."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from commands.writer.heads import Heads, shifted
from events.graph import Tie
from events.stream import DamagedHead, Head, Seen, stored
from events.topics import Partition
from infra.checkpoints.port import Lapsed, Saved
from schemas.refusals import Unavailable
from tests.commands.cast import NOON
from tests.commands.writer.register import BENS, CLOS, UNTOUCHED, request
from tests.eventually import SECONDS
from tests.simulation.register import PARTITION
from tests.simulation.standalone import fair_checkpoints
from tests.simulation.world import SimulatedCheckpoints

MUTED = Head(Tie(mutes=True), 1)
LIFTED = Head(Tie(), 2)


class Store(SimulatedCheckpoints):
    """Counts the loads, which wait until they are let through; may be away."""

    def __init__(self) -> None:
        fair = fair_checkpoints()
        super().__init__(fair._network, fair._note)
        self.loads: list[tuple[str, ...]] = []
        self.through = asyncio.Event()
        self.through.set()
        self.away = False

    async def load(
        self, partition: Partition, streams: Sequence[str], since: int = 0
    ) -> Mapping[str, bytes]:
        self.loads.append(tuple(streams))
        await self.through.wait()
        if self.away:
            raise Unavailable("STORE_UNAVAILABLE", "The store is away.")
        return await super().load(partition, streams, since)


@pytest.fixture
async def store() -> Store:
    kept = Store()
    await kept.save(PARTITION, 0, Saved(offset=5), {BENS: stored(MUTED)})
    return kept


@pytest.fixture
def heads(store: Store) -> Heads:
    return Heads(PARTITION, store)


async def test_absent_streams_come_from_the_checkpoint(heads: Heads) -> None:
    await heads.hold([BENS, CLOS])
    assert (heads[BENS], heads[CLOS]) == (MUTED, UNTOUCHED)


async def test_a_stream_that_is_wanted_twice_is_loaded_once(heads: Heads, store: Store) -> None:
    store.through.clear()
    wanting = [asyncio.create_task(heads.hold([BENS])) for _ in range(3)]
    await asyncio.sleep(0)
    wanting.append(asyncio.create_task(heads.hold([CLOS])))
    await asyncio.sleep(0)
    store.through.set()
    await asyncio.gather(*wanting)
    assert store.loads == [(BENS,), (CLOS,)]


async def test_a_load_that_fails_is_told_and_may_be_tried_again(heads: Heads, store: Store) -> None:
    store.away = True
    with pytest.raises(Unavailable):
        await heads.hold([BENS])
    assert not heads.hold_present([BENS])
    store.away = False
    await heads.hold([BENS])
    assert heads[BENS] == MUTED


async def test_a_damaged_head_fails_for_itself_alone(heads: Heads, store: Store) -> None:
    await store.save(PARTITION, 0, Saved(offset=6), {CLOS: b"damaged"})
    wanting = [asyncio.create_task(heads.hold([stream])) for stream in (CLOS, BENS)]
    async with asyncio.timeout(SECONDS):
        with pytest.raises(DamagedHead, match=CLOS):
            await wanting[0]
        await wanting[1]
        assert heads[BENS] == MUTED
        with pytest.raises(DamagedHead):
            await heads.hold([CLOS])


async def test_a_head_that_is_held_stays(heads: Heads) -> None:
    await heads.hold([BENS])
    assert heads.evict(0) == 0
    heads.let_go([BENS])
    assert heads.evict(0) == 1
    assert not heads.hold_present([BENS])


async def test_a_head_held_twice_is_let_go_twice(heads: Heads) -> None:
    await heads.hold([BENS])
    assert heads.hold_present([BENS])
    heads.let_go([BENS])
    assert heads.evict(0) == 0
    heads.let_go([BENS])
    assert heads.evict(0) == 1


async def test_a_head_that_is_not_durable_stays(heads: Heads) -> None:
    heads.advance({BENS: LIFTED})
    assert heads.evict(0) == 0
    assert BENS not in heads.dirty


async def test_a_head_that_no_checkpoint_holds_stays(heads: Heads) -> None:
    heads.advance({BENS: LIFTED})
    heads.confirm({BENS: LIFTED})
    assert heads.dirty == {BENS: LIFTED}
    assert heads.evict(0) == 0
    heads.saved({BENS: LIFTED}, 6)
    assert heads.dirty == {}
    assert heads.evict(0) == 1


async def test_a_head_that_moved_during_its_save_is_still_to_be_saved(heads: Heads) -> None:
    first, second = Head(Tie(mutes=True), 1), Head(Tie(), 2)
    heads.advance({BENS: first})
    heads.confirm({BENS: first})
    heads.advance({BENS: second})
    heads.confirm({BENS: second})
    heads.saved({BENS: first}, 6)
    assert heads.dirty == {BENS: second}


async def test_the_longest_unused_leaves_first(heads: Heads) -> None:
    await heads.hold([BENS])
    await heads.hold([CLOS])
    assert heads.hold_present([BENS])
    for streams in ([BENS], [CLOS], [BENS]):
        heads.let_go(streams)
    assert heads.evict(1) == 1
    assert heads.hold_present([BENS])
    assert not heads.hold_present([CLOS])


def test_what_is_remembered_from_a_gap_on_moves_with_it() -> None:
    before = Seen("test", None, request(1), b"", 9, NOON)
    after = Seen("test", None, request(2), b"", 10, NOON)
    moved = shifted(Head(Tie(), 2, (before, after)), from_offset=10, by=3)
    assert [seen.offset for seen in moved.seen] == [9, 13]


async def test_what_the_store_has_lost_is_not_taken_for_what_left_memory(store: Store) -> None:
    heads = Heads(PARTITION, store, since=6)
    with pytest.raises(Lapsed):
        await heads.hold([BENS])
    assert heads.lapsed
