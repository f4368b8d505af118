"""One partition in one process, across tenures, over servers on which nothing goes wrong."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from uuid import UUID, uuid4

import pytest

from commands.tenures import Place, Tenures
from commands.writer import partition as module
from commands.writer.partition import TRIES_MAX, PartitionWriter
from commands.writer.saving import Pace
from commands.writer.tools import Identity, Tools
from events import record
from events.codec import Blind
from events.graph import Tie
from events.record import Claim, Decision, Release
from events.stream import Head, stored
from events.tenure import UNCLAIMED
from events.topics import Partition
from infra.checkpoints.port import Saved
from infra.log.port import Appender, AppendUnknown
from schemas.refusals import Unavailable
from tests.commands.cast import NOON
from tests.commands.writer.records import CLAIM, RIVALS_CLAIM, decision, land, settled
from tests.commands.writer.register import BEN, BENS, CLO, EPOCH, asked
from tests.simulation.register import PARTITION, Mute, Unmute
from tests.simulation.standalone import fair_checkpoints, fair_log

SOON_S = 20.0


class Process:
    """A writer with its tail, over one log and one store."""

    def __init__(self) -> None:
        self.log = fair_log()
        self.store = fair_checkpoints()
        self.tenures = Tenures(self.log)
        self.tenures.start({PARTITION: Place(0, UNCLAIMED)})
        tools = Tools(
            identity=Identity("me", "me:1"),
            log=self.log,
            checkpoints=self.store,
            cipher=Blind(),
            digest=lambda body: body[:16],
            clock=lambda: NOON,
            draw=uuid4,
            dice=random.Random(1),
            pace=Pace(interval_s=0.02),
        )
        self.writer = PartitionWriter(PARTITION, tools, self.tenures)
        self.running = [
            asyncio.create_task(self.tenures.run()),
            asyncio.create_task(self.writer.run()),
        ]

    async def serving(self) -> None:
        self.writer.want()
        async with asyncio.timeout(SOON_S):
            await self.writer.served()

    def records(self) -> Sequence[record.Record]:
        return [record.decode(entry.value) for entry in self.log.entries(PARTITION)]

    def rival(self) -> UUID:
        """Somebody else claims from whoever owns the partition."""
        claim = Claim(uuid4(), self.tenures.of(PARTITION).epoch, "rival", "rival:1", NOON)
        land(self.log, claim)
        return claim.id


@pytest.fixture
async def process() -> AsyncIterator[Process]:
    started = Process()
    yield started
    for task in started.running:
        task.cancel()
    await asyncio.gather(*started.running, return_exceptions=True)


async def test_nobody_serves_unasked(process: Process) -> None:
    await settled()
    assert process.records() == []
    with pytest.raises(Unavailable) as refused:
        await process.writer.submit(asked(Mute(other=BEN)), SOON_S)
    assert refused.value.reason == "NOT_OWNER"


async def test_who_wants_the_partition_claims_and_serves_it(process: Process) -> None:
    await process.serving()
    handled = await process.writer.submit(asked(Mute(other=BEN)), SOON_S)
    assert handled.position == {str(PARTITION): 1}
    assert process.tenures.of(PARTITION).owner == "me"


async def test_wanting_twice_claims_once(process: Process) -> None:
    await process.serving()
    process.writer.want()
    await settled()
    assert len(process.records()) == 1


async def test_a_rivals_claim_ends_the_tenure(process: Process) -> None:
    await process.serving()
    process.rival()
    async with asyncio.timeout(SOON_S):
        while process.writer.serving:
            await settled()
    with pytest.raises(Unavailable):
        await process.writer.submit(asked(Mute(other=BEN)), SOON_S)


async def test_a_release_saves_and_lets_others_in(process: Process) -> None:
    await process.serving()
    await process.writer.submit(asked(Mute(other=BEN)), SOON_S)
    process.writer.stop()
    async with asyncio.timeout(SOON_S):
        await process.running[1]
    assert isinstance(process.records()[-1], Release)
    assert (await process.store.peek(PARTITION)).offset == 2
    assert list(await process.store.load(PARTITION, [BENS])) == [BENS]


async def test_requests_are_known_across_tenures(process: Process) -> None:
    await process.serving()
    first = await process.writer.submit(asked(Mute(other=BEN)), SOON_S)
    process.rival()
    async with asyncio.timeout(SOON_S):
        while process.writer.serving:
            await settled()
    await process.serving()
    again = await process.writer.submit(asked(Mute(other=BEN)), SOON_S)
    assert (again.position, again.repeated) == (first.position, True)


class Forgetful:
    """An appender whose first decisions get no answer; `lands` tells whether they are durable."""

    def __init__(self, appender: Appender, *, lands: bool) -> None:
        self._appender = appender
        self._lands = lands

    async def append(self, records: Sequence[tuple[bytes, bytes]]) -> int:
        forgotten = isinstance(record.decode(records[0][1]), Decision)
        if self._lands or not forgotten:
            base = await self._appender.append(records)
            if not forgotten:
                return base
        raise AppendUnknown("No answer came.")

    async def close(self) -> None:
        await self._appender.close()


@pytest.mark.parametrize(("lands", "offset"), [(True, 1), (False, 2)])
async def test_an_unknown_outcome_is_settled_by_the_next_claim(
    process: Process, monkeypatch: pytest.MonkeyPatch, lands: bool, offset: int
) -> None:
    """What landed is answered from where it stands; what did not is judged and sent anew."""
    opened = process.log.appender

    async def forgetful(partition: Partition) -> Appender:
        monkeypatch.undo()
        return Forgetful(await opened(partition), lands=lands)

    monkeypatch.setattr(process.log, "appender", forgetful)
    await process.serving()
    async with asyncio.timeout(SOON_S):
        handled = await process.writer.submit(asked(Mute(other=BEN)), SOON_S)
    assert handled.position == {str(PARTITION): offset}
    kinds = [type(each) for each in process.records()]
    assert kinds == ([Claim, Decision, Claim] if lands else [Claim, Claim, Decision])


async def test_a_checkpoint_that_fails_oddly_is_told_and_tried_again(
    process: Process, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*about: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as odd:
        odd.setattr(process.store, "save", broken)
        await process.serving()
        async with asyncio.timeout(SOON_S):
            while "cannot be saved" not in caplog.text:
                await settled()
    async with asyncio.timeout(SOON_S):
        while (await process.store.peek(PARTITION)).offset == 0:
            await settled()


async def test_a_log_that_cannot_be_folded_halts_the_partition(process: Process) -> None:
    land(process.log, CLAIM, decision(Mute(other=BEN), 1), decision(Mute(other=BEN), 2))
    await settled()
    process.writer.want()
    async with asyncio.timeout(SOON_S):
        while not process.writer.halted:
            await settled()
    assert BENS in process.writer.halted
    with pytest.raises(Unavailable) as refused:
        await process.writer.submit(asked(Unmute(other=CLO)), SOON_S)
    assert refused.value.reason == "PARTITION_HALTED"


def failing(process: Process, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """So many takeovers meet a fault that nobody expects."""
    end, left = process.log.end, iter(range(times))

    async def faulty(partition: Partition) -> int:
        if next(left, None) is not None:
            raise ZeroDivisionError("planted by a test")
        return await end(partition)

    monkeypatch.setattr(process.log, "end", faulty)


async def test_a_checkpoint_that_cannot_be_read_halts_the_partition_and_not_the_process(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def damaged(partition: Partition, claimed_at: int) -> Saved:
        raise ZeroDivisionError("planted by a test")

    monkeypatch.setattr(module, "HALTED_S", 0.05)
    with monkeypatch.context() as odd:
        odd.setattr(process.store, "take", damaged)
        process.writer.want()
        async with asyncio.timeout(SOON_S):
            while not process.writer.halted:
                await settled()
    assert "planted by a test" in process.writer.halted
    await process.serving()


async def test_a_last_checkpoint_that_fails_oddly_does_not_keep_others_out(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*about: object) -> None:
        raise ZeroDivisionError("planted by a test")

    await process.serving()
    monkeypatch.setattr(process.store, "save", broken)
    await process.writer.submit(asked(Mute(other=BEN)), SOON_S)
    process.writer.stop()
    async with asyncio.timeout(SOON_S):
        await process.running[1]
    assert isinstance(process.records()[-1], Release)


async def test_a_takeover_that_fails_for_a_moment_is_tried_again(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(process, monkeypatch, TRIES_MAX - 1)
    await process.serving()
    assert process.writer.faults == TRIES_MAX - 1
    await process.writer.submit(asked(Mute(other=BEN)), SOON_S)


async def test_a_halted_partition_heals_by_itself(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HALTED_S", 0.05)
    failing(process, monkeypatch, TRIES_MAX + 2)
    await process.serving()
    assert (process.writer.halted, process.writer.faults) == ("", TRIES_MAX + 2)
    await process.writer.submit(asked(Mute(other=BEN)), SOON_S)


async def test_a_halted_partition_is_left_to_whoever_claims_it(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(process, monkeypatch, 100)
    process.writer.want()
    async with asyncio.timeout(SOON_S):
        while not process.writer.halted:
            await settled()
    process.rival()
    async with asyncio.timeout(SOON_S):
        while process.writer.halted:
            await settled()
    with pytest.raises(Unavailable) as refused:
        await process.writer.submit(asked(Mute(other=BEN)), SOON_S)
    assert refused.value.reason == "NOT_OWNER"


async def test_a_takeover_that_fails_once_a_rival_has_claimed_is_no_fault(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def overtaken(partition: Partition) -> int:
        monkeypatch.undo()
        mine = process.tenures.of(PARTITION)
        process.rival()
        await process.tenures.changed(PARTITION, mine)
        raise ZeroDivisionError("planted by a test")

    monkeypatch.setattr(process.log, "end", overtaken)
    process.writer.want()
    async with asyncio.timeout(SOON_S):
        while process.tenures.of(PARTITION).owner != "rival":
            await settled()
    await settled()
    assert (process.writer.halted, process.writer.faults) == ("", 0)
    await process.serving()


async def test_another_log_halts_at_once(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    land(process.log, CLAIM)
    await process.store.take(PARTITION, 0)
    await process.store.save(PARTITION, 0, Saved(offset=7), {})
    await settled()
    process.writer.want()
    async with asyncio.timeout(SOON_S):
        while not process.writer.halted:
            await settled()
    assert "another log" in process.writer.halted
    assert process.writer.faults == 1


async def test_a_takeover_that_a_newer_owner_has_overtaken_does_not_halt(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newer owner's heads are loaded in the middle of the older one's replay."""
    land(process.log, CLAIM, decision(Mute(other=BEN), 1))
    take = process.store.take

    async def overtaken(partition: object, claimed_at: int) -> Saved:
        taken = await take(PARTITION, claimed_at)
        monkeypatch.undo()
        newer = land(process.log, RIVALS_CLAIM)
        newest = Head(Tie(mutes=True), 1)
        await take(PARTITION, newer)
        await process.store.save(PARTITION, newer, Saved(offset=2), {BENS: stored(newest)})
        return taken

    await settled()
    monkeypatch.setattr(process.store, "take", overtaken)
    process.writer.want()
    async with asyncio.timeout(SOON_S):
        while len(process.records()) < 4:
            await settled()
    await asyncio.sleep(0.2)
    assert not process.writer.halted
    assert process.tenures.of(PARTITION).epoch != EPOCH
