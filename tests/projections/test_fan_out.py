"""The step after the commit: everything gets into timelines, or the markers say that it did not."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from redis.exceptions import TimeoutError as RedisTimeout

from infra.redis.entries import entry, split
from infra.redis.port import Move, Place
from projections import fan_out as module
from projections.commits import Commit
from projections.fan_out import FanOut
from projections.touches import Followed, Opened, Published, Touch
from tests.eventually import eventually
from tests.infra.redis.memory import MemoryTimelines
from tests.projections.folding import ANA, BEN, CLO, at
from tests.simulated import in_simulated_time

LANE, OTHER = "posts/posts-0", "graph/people-0"
TOKEN = b"t" * 16
WAITING_MAX = 20
CHECK_S = 0.05


def place(offset: int, lineage: str = "1.0") -> Place:
    return Place(lineage, offset, f"r{offset}")


def commit(before: int, after: int, *touches: Touch, lane: str = LANE) -> Commit:
    return Commit(lane, place(before), place(after), touches, 0.0)


def published(number: int, author: UUID = BEN) -> Published:
    return Published(author, UUID(int=number), at(number))


def new(number: int) -> bytes:
    return entry(at(number), UUID(int=number))


class Redis(MemoryTimelines):
    """Timelines in memory that raise `troubles` first, one at each push or advance."""

    def __init__(self) -> None:
        super().__init__()
        self.troubles: list[Exception] = []
        self.away: Exception | None = None
        self.advances: list[Sequence[Move]] = []

    async def push(self, candidates: Mapping[bytes, Sequence[bytes]]) -> int:
        self._fail()
        return await super().push(candidates)

    async def advance(self, moves: Sequence[Move]) -> bool:
        self._fail()
        self.advances.append(moves)
        return await super().advance(moves)

    def _fail(self) -> None:
        if self.away is not None:
            raise self.away
        if self.troubles:
            raise self.troubles.pop(0)


class People:
    """CLO follows BEN, and was accepted by whoever goes public. `authors` were asked about."""

    def __init__(self) -> None:
        self.many: set[UUID] = set()
        self.troubles: list[Exception] = []

    async def of(self, authors: Collection[UUID]) -> Mapping[bytes, bytes | None]:
        if self.troubles:
            raise self.troubles.pop(0)
        return {
            author.bytes: None if author in self.many else CLO.bytes if author == BEN else b""
            for author in authors
        }

    async def accepted(self, opened: Sequence[Opened]) -> bytes:
        return CLO.bytes if opened else b""


class Worker:
    """A fan-out at work, with ANA, BEN and CLO having timelines."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.people = People()
        self.stored: dict[str, Place] = {}
        self.fan_out = FanOut(
            redis,
            self.people,
            self._places,
            waiting_max=WAITING_MAX,
            check_s=CHECK_S,
            clock=asyncio.get_running_loop().time,
        )

    async def _places(self) -> Mapping[str, Place]:
        """As far as a test says nothing else, the lanes are stored where they are."""
        return self.fan_out._places._places | self.stored

    async def marked(self, offset: int, lane: str = LANE) -> None:
        """Wait until the lane's marker is there."""

        async def there() -> bool:
            return self.redis.markers.get(lane) == place(offset)

        await eventually(there)

    async def timelines(self) -> bytes:
        """ANA, BEN and CLO get timelines; the generation that they are of."""
        generation = self.redis.generation
        assert generation is not None
        for viewer in (ANA, BEN, CLO):
            await self.redis.begin(viewer, generation, TOKEN, anew=False)
            await self.redis.finish(viewer, generation, TOKEN, 0, [])
        return generation

    def held(self, viewer: UUID) -> list[bytes]:
        """What the viewer's timeline holds, the latest first."""
        return sorted(split(self.redis.timelines[viewer].entries), reverse=True)


@asynccontextmanager
async def working(redis: Redis) -> AsyncIterator[Worker]:
    made = Worker(redis)
    task = asyncio.create_task(made.fan_out.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
async def worker(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Worker]:
    """One whose lane has resumed at 3."""
    monkeypatch.setattr(module, "_BACK_OFF_S", (0.001, 0.01))
    async with working(Redis()) as made:
        made.fan_out.resumed(LANE, place(3))
        await made.marked(3)
        yield made


async def test_a_post_reaches_followers_and_author_before_the_marker_moves(worker: Worker) -> None:
    generation = await worker.timelines()
    worker.fan_out.committed(commit(3, 4, published(4)))
    worker.fan_out.committed(commit(4, 6, published(5), published(6)))
    await worker.marked(6)
    assert worker.held(CLO) == worker.held(BEN) == [new(6), new(5), new(4)]
    assert worker.held(ANA) == []
    assert worker.redis.generation == generation


async def test_who_follows_somebody_new_loses_the_timeline(worker: Worker) -> None:
    await worker.timelines()
    worker.fan_out.committed(commit(3, 4, Followed(ANA)))
    await worker.marked(4)
    assert set(worker.redis.timelines) == {BEN, CLO}
    worker.fan_out.committed(commit(4, 5, Opened(BEN, at(5))))
    await worker.marked(5)
    assert set(worker.redis.timelines) == {BEN}


async def test_those_with_too_many_followers_are_merged_and_push_to_themselves(
    worker: Worker,
) -> None:
    await worker.timelines()
    worker.people.many = {BEN}
    worker.fan_out.committed(commit(3, 4, published(4)))
    await worker.marked(4)
    assert worker.redis.authors == {BEN}
    assert (worker.held(BEN), worker.held(CLO)) == ([new(4)], [])


async def test_a_worker_that_goes_on_where_the_last_one_ended_voids_nothing(
    worker: Worker,
) -> None:
    generation = await worker.timelines()
    worker.fan_out.committed(commit(3, 4, published(4)))
    await worker.fan_out.settle(5)
    async with working(worker.redis) as following:
        following.fan_out.resumed(LANE, place(4))
        following.fan_out.committed(commit(4, 5, published(5)))
        await following.marked(5)
        assert following.held(CLO) == [new(5), new(4)]
    assert worker.redis.generation == generation


async def test_what_was_committed_and_never_pushed_voids_all_timelines(worker: Worker) -> None:
    generation = await worker.timelines()
    async with working(worker.redis) as following:
        following.fan_out.resumed(LANE, place(5))
        await following.marked(5)
    assert worker.redis.generation not in (None, generation)


async def test_a_database_that_lost_commits_voids_all_timelines(worker: Worker) -> None:
    generation = await worker.timelines()
    worker.fan_out.resumed(LANE, place(2))
    await worker.marked(2)
    assert worker.redis.generation not in (None, generation)


async def test_a_touch_that_nobody_knows_any_more_shows_as_a_gap(worker: Worker) -> None:
    generation = await worker.timelines()
    worker.fan_out.committed(Commit(LANE, place(3), place(7), None, 0.0))
    worker.fan_out.committed(commit(7, 8, published(8)))
    await worker.marked(8)
    assert worker.redis.generation != generation


@in_simulated_time
async def test_a_lane_that_catches_up_without_telling_voids_timelines_once() -> None:
    async with working(Redis()) as worker:
        worker.fan_out.resumed(LANE, place(3))
        await worker.marked(3)
        for offset in range(3, 23):
            worker.fan_out.committed(Commit(LANE, place(offset), place(offset + 1), None, 0.0))
            await asyncio.sleep(CHECK_S / 4)
        assert worker.redis.markers[LANE] == place(3)
        await worker.marked(23)


@pytest.mark.parametrize("trouble", [RedisTimeout("slow"), ConnectionError("away")])
async def test_what_fails_for_a_moment_is_done_again_and_voids_nothing(
    worker: Worker, trouble: Exception
) -> None:
    generation = await worker.timelines()
    worker.redis.troubles = [trouble] * 2
    worker.people.troubles = [trouble] * 2
    worker.fan_out.committed(commit(3, 4, published(4)))
    await worker.marked(4)
    assert worker.held(CLO) == [new(4)]
    assert worker.redis.generation == generation


async def test_an_advance_whose_answer_was_lost_may_be_repeated(worker: Worker) -> None:
    generation = await worker.timelines()
    await worker.redis.advance([Move(LANE, place(3), place(4))])
    worker.fan_out.committed(commit(3, 4, published(4)))
    worker.fan_out.committed(commit(4, 5, published(5)))
    await worker.marked(5)
    assert worker.redis.generation == generation


async def test_what_does_not_fit_is_dropped_and_shows_as_a_gap(worker: Worker) -> None:
    generation = await worker.timelines()
    worker.redis.away = ConnectionError("away")
    for offset in range(3, 3 + 2 * WAITING_MAX):
        worker.fan_out.committed(commit(offset, offset + 1, published(offset)))
        await asyncio.sleep(0)
    assert len(worker.fan_out._waiting) <= WAITING_MAX
    worker.redis.away = None
    await worker.marked(3 + 2 * WAITING_MAX)
    assert worker.redis.generation != generation


async def test_a_place_that_was_dropped_unverified_is_verified_later(worker: Worker) -> None:
    generation = await worker.timelines()
    worker.redis.away = ConnectionError("away")
    # The database lost what came after 2, and gets to 3 again by other means.
    worker.fan_out.resumed(LANE, place(2))
    worker.fan_out.committed(commit(2, 2, *map(published, range(WAITING_MAX))))
    assert not worker.fan_out._waiting
    worker.fan_out.committed(commit(2, 3, published(3)))
    worker.redis.away = None

    async def voided() -> bool:
        return worker.redis.generation != generation

    await eventually(voided)


async def test_a_bug_costs_timelines_and_not_the_worker(worker: Worker) -> None:
    generation = await worker.timelines()
    worker.people.troubles = [ZeroDivisionError("oops")]
    worker.fan_out.committed(commit(3, 4, published(4)))
    worker.fan_out.committed(commit(4, 5, published(5)))
    await worker.marked(5)
    assert worker.redis.generation != generation


async def test_redis_emptied_at_rest_is_noticed(worker: Worker) -> None:
    worker.fan_out.resumed(OTHER, place(9))
    await worker.marked(9, OTHER)
    worker.redis.flush()
    await worker.marked(3)
    await worker.marked(9, OTHER)
    assert worker.redis.generation is not None


async def test_a_lane_at_rest_keeps_its_generation(worker: Worker) -> None:
    generation = await worker.timelines()
    checks = len(worker.redis.advances)

    async def checked() -> bool:
        return len(worker.redis.advances) > checks + 3

    await eventually(checked)
    assert worker.redis.generation == generation


async def test_a_lane_that_was_released_is_not_spoken_for(worker: Worker) -> None:
    worker.fan_out.released(LANE)
    worker.redis.flush()
    worker.fan_out.resumed(OTHER, place(1))
    await worker.marked(1, OTHER)
    await asyncio.sleep(3 * CHECK_S)
    assert LANE not in worker.redis.markers


@pytest.mark.parametrize("stored", [place(3, lineage="2.0"), place(2)])
async def test_rows_that_changed_while_a_lane_rests_void_all_timelines(
    worker: Worker, stored: Place
) -> None:
    generation = await worker.timelines()
    worker.stored[LANE] = stored

    async def noticed() -> bool:
        return worker.redis.markers[LANE] == stored

    await eventually(noticed)
    assert worker.redis.generation != generation
    voided = worker.redis.generation
    checks = len(worker.redis.advances)

    async def checked() -> bool:
        return len(worker.redis.advances) > checks + 3

    await eventually(checked)
    assert worker.redis.generation == voided


async def test_a_lane_that_is_stored_farther_on_has_not_said_so_yet(worker: Worker) -> None:
    generation = await worker.timelines()
    worker.stored[LANE] = place(4)
    await asyncio.sleep(3 * CHECK_S)
    assert worker.redis.markers[LANE] == place(3)
    assert worker.redis.generation == generation


async def test_a_lane_that_is_released_while_the_tables_are_asked_is_not_spoken_for(
    worker: Worker,
) -> None:
    asked = asyncio.Event()

    async def slow() -> Mapping[str, Place]:
        worker.fan_out.released(LANE)
        asked.set()
        return {LANE: place(3, lineage="2.0")}

    worker.fan_out._places._stored = slow
    await asked.wait()
    await asyncio.sleep(3 * CHECK_S)
    assert worker.redis.markers[LANE] == place(3)
