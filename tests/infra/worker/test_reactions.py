"""Reactions: everything asked for once it counts, nothing passed over."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast
from uuid import UUID

import pytest
from msgspec import Raw

from events.graph import BlockLifted, BlockSet, MuteSet
from events.record import Fact
from events.topics import PEOPLE, Partition
from infra.log.port import Log
from infra.postgres.pool import Pool, open_pool
from infra.postgres.schema import ensure
from infra.worker import checkpoints
from infra.worker.places import Places
from infra.worker.progress import Halted, read
from infra.worker.reactions import Cause, Reacting, ReactionSubscriber
from schemas.refusals import Conflict, Refusal, Unavailable
from tests.infra.worker.log_in_memory import MemoryLog
from tests.projections.folding import ANA, BEN, CLO
from tests.stack import Stack

PARTITION = Partition("people", 0)

Asked = tuple[str, int, UUID]


def react(event: BlockSet | BlockLifted, cause: Cause) -> Sequence[Asked]:
    return [(type(event).__name__, cause.offset, event.blocked_id)]


MIRROR = Reacting("mirror", PEOPLE, (BlockSet, BlockLifted), react)


class World:
    """A log, a database, and whoever answers what is asked."""

    def __init__(self, pool: Pool) -> None:
        self.log = MemoryLog()
        self.log.claim(PARTITION)
        self.asked: list[Asked] = []
        self.refusal: Refusal | None = None
        self._pool = pool

    async def submit(self, asked: Asked) -> None:
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        self.asked.append(asked)

    async def consume(self) -> int:
        """Let a new worker's reaction take in the whole log."""
        places = Places("reaction:mirror", self._pool, cast("Log", self.log))
        subscriber = ReactionSubscriber(MIRROR, places, self.submit)
        await subscriber.resume(PARTITION)
        return await subscriber.consume(PARTITION, read(self.log.entries[PARTITION]))

    def block(self, person: UUID, other: UUID) -> int:
        event = BlockSet(blocker_id=person, blocked_id=other)
        return self.log.decide(PARTITION, event, shard=str(person))


@pytest.fixture
async def world(stack: Stack) -> AsyncIterator[World]:
    settings = stack.settings()
    async with open_pool(settings.postgres, role="tests") as pool:
        await ensure(pool, settings, checkpoints.DDL)
        yield World(pool)


async def test_each_fact_that_counts_asks_once(world: World) -> None:
    first = world.block(ANA, BEN)
    world.log.decide(PARTITION, MuteSet(muter_id=ANA, muted_id=CLO))
    event = BlockSet(blocker_id=ANA, blocked_id=CLO)
    world.log.decide(PARTITION, event, epoch=UUID(int=0xDEAD))
    last = world.block(BEN, CLO)
    assert await world.consume() == last + 1
    assert world.asked == [("BlockSet", first, BEN), ("BlockSet", last, CLO)]
    assert await world.consume() == last + 1
    assert len(world.asked) == 2


async def test_what_one_shard_asks_for_is_asked_in_its_order(world: World) -> None:
    offsets = [world.block(ANA, UUID(int=number)) for number in range(1, 30)]
    await world.consume()
    assert [offset for _, offset, _ in world.asked] == offsets


async def test_while_nobody_answers_the_checkpoint_stays(world: World) -> None:
    world.block(ANA, BEN)
    world.refusal = Unavailable("PEER_UNREACHABLE", "away")
    with pytest.raises(Unavailable):
        await world.consume()
    world.refusal = None
    assert await world.consume() == 2
    assert [name for name, *_ in world.asked] == ["BlockSet"]


async def test_a_refused_request_halts(world: World) -> None:
    world.block(ANA, BEN)
    world.refusal = Conflict("NO", "not so")
    with pytest.raises(Halted, match="was refused: NO: not so"):
        await world.consume()


async def test_an_unknown_type_halts_after_what_came_before_it_was_asked(world: World) -> None:
    first = world.block(ANA, BEN)
    unknown = Fact("block.teleported", f"tie-{ANA}-{BEN}", 2, Raw(b"\x80"))
    bad = world.log.decide_facts(PARTITION, unknown)
    world.block(ANA, CLO)
    for _ in range(2):
        with pytest.raises(Halted, match=rf"Offset {bad}: .*block\.teleported"):
            await world.consume()
    assert world.asked == [("BlockSet", first, BEN)]


async def test_an_event_that_does_not_decode_halts(world: World) -> None:
    bad = world.log.decide_facts(PARTITION, Fact("block.set", f"tie-{ANA}-{BEN}", 1, Raw(b"\x80")))
    with pytest.raises(Halted, match=f"Offset {bad}"):
        await world.consume()
