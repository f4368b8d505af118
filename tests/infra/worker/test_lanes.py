"""Lanes: each subscriber at its own pace, whatever happens to it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import cast

import pytest

from events.topics import PEOPLE, Partition, Topic
from infra.log.port import Log
from infra.worker import lane
from infra.worker.host import Host
from infra.worker.lane import State
from infra.worker.progress import Checkpoint, Halted, Overtaken, Read, remaining
from schemas.refusals import Unavailable
from tests.infra.worker.log_in_memory import MemoryLog
from tests.projections.folding import ANA, BEN
from tests.projections.models.test_graph import followed

PARTITION = Partition("people", 0)
LOOKS = 600


class Recorder:
    """A subscriber that notes what it consumes; `troubles` are raised first, one at a time."""

    def __init__(self, name: str = "recorder", reached: int = -1) -> None:
        self.name = name
        self.topics: Sequence[Topic] = (PEOPLE,)
        self.offset = reached
        self.known: Checkpoint | None = None
        self.consumed: list[int] = []
        self.troubles: list[Exception] = []
        self.halts: list[str] = []
        self.released: list[Partition] = []
        self._held = 0
        self.gate = asyncio.Event()
        self.gate.set()

    @property
    def waits(self) -> bool:
        """Whether a batch is under way that the gate keeps."""
        return self._held > 0

    async def resume(self, partition: Partition) -> int:
        return self.offset + 1

    async def consume(self, partition: Partition, reads: Sequence[Read]) -> int:
        self._held += 1
        await self.gate.wait()
        self._held -= 1
        if self.troubles:
            raise self.troubles.pop(0)
        for one in remaining(Checkpoint(offset=self.offset), reads):
            self.consumed.append(one.offset)
            self.offset = one.offset
        return self.offset + 1

    def reached(self, partition: Partition) -> Checkpoint | None:
        return self.known

    def release(self, partition: Partition) -> None:
        self.released.append(partition)

    async def halt(self, partition: Partition, reason: str) -> None:
        self.halts.append(reason)


class World:
    """A log in memory, and a host whose deliveries come from it."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.log.claim(PARTITION)
        self.hosts: list[Host] = []
        self._following = 0

    async def host(self, *subscribers: Recorder) -> Host:
        host = Host(subscribers, cast("Log", self.log))
        self.hosts.append(host)
        starts = await host.seek([PARTITION])
        self._following = starts[PARTITION]
        return host

    async def grow(self, host: Host, count: int) -> None:
        """Append decisions and deliver what was not delivered yet."""
        for _ in range(count):
            self.log.decide(PARTITION, followed(ANA, BEN))
        entries = self.log.entries[PARTITION][self._following :]
        self._following += len(entries)
        await host.deliver(PARTITION, entries)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    for host in made.hosts:
        await host.stop()


async def eventually(condition: Callable[[], bool]) -> None:
    """Counts looks and not seconds: all that is waited for happens on this very loop."""
    for _ in range(LOOKS):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"not so after {LOOKS} looks")


async def test_everything_is_consumed_once_in_order(world: World) -> None:
    one, other = Recorder("one"), Recorder("other")
    host = await world.host(one, other)
    for count in (1, 5, 2):
        await world.grow(host, count)
    await eventually(lambda: one.offset == other.offset == 8)
    assert one.consumed == other.consumed == list(range(9))


async def test_who_is_behind_at_the_start_reads_what_it_misses_in_bulk(world: World) -> None:
    for _ in range(20):
        world.log.decide(PARTITION, followed(ANA, BEN))
    ahead, new = Recorder("ahead", reached=20), Recorder("new")
    host = await world.host(ahead, new)
    assert host.delivered()[PARTITION][0] == 21
    await world.grow(host, 3)
    await eventually(lambda: ahead.offset == new.offset == 23)
    assert ahead.consumed == [21, 22, 23]
    assert new.consumed == list(range(24))


async def test_a_new_subscriber_catches_up_though_nothing_new_is_delivered(world: World) -> None:
    for _ in range(20):
        world.log.decide(PARTITION, followed(ANA, BEN))
    new = Recorder("new")
    await world.host(Recorder("ahead", reached=20), new)
    await eventually(lambda: new.offset == 20)


async def test_a_slow_one_holds_up_nobody_and_misses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "BUFFERED_RECORDS_MAX", 10)
    quick, slow = Recorder("quick"), Recorder("slow")
    host = await world.host(quick, slow)
    slow.gate.clear()
    for step in range(1, 11):
        await world.grow(host, 10)
        await eventually(lambda upto=10 * step: quick.offset == upto)  # type: ignore[misc]
    assert slow.consumed == []
    slow.gate.set()
    await eventually(lambda: slow.offset == 100)
    assert slow.consumed == list(range(101))


async def test_one_that_lets_deliveries_go_by_holds_none_of_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "BUFFERED_RECORDS_MAX", 10)
    monkeypatch.setattr(lane, "NEAR_RECORDS", 20)
    quick, slow = Recorder("quick"), Recorder("slow")
    host = await world.host(quick, slow)
    await world.grow(host, 1)
    await eventually(lambda: quick.offset == slow.offset == 1)
    slow.gate.clear()
    [detached] = [one for one in host.lanes() if one.subscriber is slow]
    for step in range(1, 11):
        await world.grow(host, 10)
        await eventually(lambda upto=10 * step + 1: quick.offset == upto)  # type: ignore[misc]
    assert detached.state is State.CATCHING_UP
    assert not detached._buffer
    slow.gate.set()
    await eventually(lambda: slow.offset == 101 and detached.state is State.ATTACHED)
    assert slow.consumed == list(range(102))


async def test_delivery_waits_while_nobody_has_room(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "BUFFERED_RECORDS_MAX", 10)
    only = Recorder()
    host = await world.host(only)
    only.gate.clear()
    await world.grow(host, 10)
    await eventually(lambda: only.waits)
    await world.grow(host, 10)
    waiting = asyncio.create_task(world.grow(host, 10))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    assert host.delivered() == {}
    only.gate.set()
    await waiting
    await eventually(lambda: only.offset == 30)


async def test_a_delivery_that_waits_lets_go_when_the_partition_is_taken_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "BUFFERED_RECORDS_MAX", 1)
    only = Recorder()
    host = await world.host(only)
    only.gate.clear()
    await world.grow(host, 3)
    await eventually(lambda: only.waits)
    await world.grow(host, 3)
    waiting = asyncio.create_task(world.grow(host, 3))
    await asyncio.sleep(0.02)
    host.release()
    await asyncio.wait_for(waiting, 20)


async def test_what_is_away_for_a_moment_is_tried_again(world: World) -> None:
    one = Recorder()
    one.troubles = [Unavailable("STORE_UNAVAILABLE", "away"), TimeoutError(), Overtaken("moved")]
    host = await world.host(one)
    await world.grow(host, 4)
    await eventually(lambda: one.offset == 4)
    assert one.consumed == list(range(5))
    assert one.halts == []


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (Halted("Offset 3 is missing."), "Offset 3 is missing."),
        (ZeroDivisionError("oops"), "A bug stopped it: ZeroDivisionError. See the log."),
    ],
)
async def test_a_halted_one_says_why_and_the_others_go_on(
    world: World, trouble: Exception, reason: str
) -> None:
    halted, other = Recorder("halted"), Recorder("other")
    halted.troubles = [trouble]
    host = await world.host(halted, other)
    await world.grow(host, 2)
    await eventually(lambda: bool(halted.halts))
    await world.grow(host, 2)
    await eventually(lambda: other.offset == 4)
    assert halted.halts == [reason]
    assert halted.consumed == []


async def test_a_halted_one_looks_again_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "_HALTED_S", 0.05)
    one = Recorder()
    one.troubles = [Halted("for now")]
    host = await world.host(one)
    await world.grow(host, 2)
    await eventually(lambda: one.offset == 2)
    assert one.halts == ["for now"]


async def test_a_stopped_lane_lets_go_of_its_partition(world: World) -> None:
    one = Recorder()
    host = await world.host(one)
    await world.grow(host, 2)
    assert one.released == []
    await host.stop()
    assert one.released == [PARTITION]


async def test_what_a_rebalance_keeps_from_being_delivered_is_read(world: World) -> None:
    one = Recorder()
    host = await world.host(one)
    for _ in range(3):
        world.log.decide(PARTITION, followed(ANA, BEN))
    host.pass_over(PARTITION, 3)
    await eventually(lambda: one.offset == 2)
    host.pass_over(Partition("people", 1), 5)
    host.pass_over(PARTITION, 4)
    await eventually(lambda: one.offset == 3)
    assert one.consumed == [0, 1, 2, 3]
    assert host.delivered()[PARTITION][0] == 4


class Hanging(Recorder):
    """One whose batches all hang at the gate; `working` of them at once."""

    working = 0

    async def resume(self, partition: Partition) -> int:
        return 0

    async def consume(self, partition: Partition, reads: Sequence[Read]) -> int:
        self.working += 1
        await self.gate.wait()
        self.working -= 1
        self.consumed.append(partition.number)
        return reads[-1].offset + 1


async def test_one_that_hangs_in_all_its_partitions_takes_no_more_than_its_turns(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "QUICK_RECORDS_MAX", 0)
    partitions = [Partition(PEOPLE.name, number) for number in range(2 * lane.TURNS_EACH)]
    stuck, other = Hanging("stuck"), Hanging("other")
    stuck.gate.clear()
    host = Host((stuck, other), cast("Log", world.log))
    world.hosts.append(host)
    for partition in partitions[1:]:
        world.log.claim(partition)
    await host.seek(partitions)
    for partition in partitions:
        await host.deliver(partition, world.log.entries[partition])
    everywhere = [partition.number for partition in partitions]
    await eventually(lambda: sorted(other.consumed) == everywhere)
    assert stuck.working == lane.TURNS_EACH
    stuck.gate.set()
    await eventually(lambda: sorted(stuck.consumed) == everywhere)


async def test_what_is_quick_is_at_work_in_all_partitions_at_once(world: World) -> None:
    partitions = [Partition(PEOPLE.name, number) for number in range(2 * lane.TURNS_EACH)]
    waiting = Hanging("waiting")
    waiting.gate.clear()
    host = Host((waiting,), cast("Log", world.log))
    world.hosts.append(host)
    for partition in partitions[1:]:
        world.log.claim(partition)
    await host.seek(partitions)
    for partition in partitions:
        await host.deliver(partition, world.log.entries[partition])
    await eventually(lambda: waiting.working == len(partitions))
