"""How far a shard goes is asked of the log, each time after the question."""

import asyncio
from typing import cast

import pytest

from commands.log_ends import LogEnds
from events.topics import PEOPLE, Partition, Topic
from infra.log.port import Log, LogUnavailable
from schemas.refusals import Unavailable


class Growing:
    """What `LogEnds` asks of a log whose partitions can be made longer, slow, or unreadable."""

    def __init__(self) -> None:
        self.lengths: dict[Partition, int] = {}
        self.away: set[Partition] = set()
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def end(self, partition: Partition) -> int:
        """The offset after the last record, as of when the question arrived."""
        self.asked += 1
        length = self.lengths.get(partition, 0)
        if partition in self.away:
            raise LogUnavailable("No leader.")
        await self.gate.wait()
        return length


def place(topic: Topic, shard: str) -> Partition:
    return Partition(topic.name, int(shard))


@pytest.fixture
def log() -> Growing:
    """An empty log."""
    return Growing()


@pytest.fixture
def ends(log: Growing) -> LogEnds:
    """Asks that log."""
    return LogEnds(cast("Log", log), place)


async def test_a_position_includes_the_last_record(log: Growing, ends: LogEnds) -> None:
    log.lengths[Partition("people", 3)] = 42
    assert await ends.reached(PEOPLE, "3") == {"people-3": 41}
    assert await ends.reached(PEOPLE, "2") == {}


async def test_whoever_asks_after_a_record_is_told_of_it_though_an_answer_was_on_its_way(
    log: Growing, ends: LogEnds
) -> None:
    log.gate.clear()
    early = asyncio.create_task(ends.reached(PEOPLE, "0"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert log.asked == 1
    log.lengths[Partition("people", 0)] = 1
    late = [asyncio.create_task(ends.reached(PEOPLE, "0")) for _ in range(100)]
    await asyncio.sleep(0)
    log.gate.set()
    assert await early == {}
    assert await asyncio.gather(*late) == [{"people-0": 0}] * 100
    assert log.asked == 2


async def test_a_partition_without_leader_holds_up_nobody_else(log: Growing, ends: LogEnds) -> None:
    log.away.add(Partition("people", 1))
    log.lengths[Partition("people", 0)] = 1
    lost, told = await asyncio.gather(
        ends.reached(PEOPLE, "1"), ends.reached(PEOPLE, "0"), return_exceptions=True
    )
    assert isinstance(lost, Unavailable)
    assert lost.reason == "LOG_UNAVAILABLE"
    assert told == {"people-0": 0}
