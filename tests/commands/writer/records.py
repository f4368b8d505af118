"""Records for a log, written by hand, and the stand-ins that owners are tested with."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from commands.submission import Handled
from commands.writer.heads import Heads
from commands.writer.owner import Desk, Owner
from events import record
from events.record import Claim, Decision, Record
from events.tenure import Tenure
from infra.checkpoints.port import Checkpoints
from infra.log.port import AppendUnknown
from tests.commands.cast import NOON
from tests.commands.writer.register import EPOCH, asked, ruled, submission, terms
from tests.simulation.register import PARTITION, Order
from tests.simulation.standalone import fair_checkpoints, fair_log
from tests.simulation.world import SimulatedLog

RIVAL = UUID(int=88, version=4)
CLAIM = Claim(EPOCH, None, "me", "me:1", NOON)
RIVALS_CLAIM = Claim(RIVAL, EPOCH, "rival", "rival:1", NOON)
PATIENCE_S = 60.0
TENURE = Tenure(EPOCH, True, "me", "me:1", claimed_at=0)


def land(log: SimulatedLog, *records: Record | bytes) -> int:
    """Appends the records; the offset of the first."""
    values = [each if isinstance(each, bytes) else record.encode(each) for each in records]
    return log.land(PARTITION, [(b"key", value) for value in values], "test")


def decision(command: Order, number: int = 1, at: datetime = NOON) -> Decision:
    """The command decided on untouched streams under `EPOCH`."""
    ruling = ruled(submission(command, number), {}, after=at - NOON)
    assert ruling.decision is not None
    return ruling.decision


class ScriptedAppender:
    """Lands what it is given once told to, and answers what the script says.

    The script's entries are called before the records land; one that raises `AppendUnknown`
    loses them. Without a script everything lands at once.
    """

    def __init__(self, log: SimulatedLog) -> None:
        self.log = log
        self.script: deque[Callable[[], Coroutine[None, None, None]]] = deque()
        self.answers: deque[int | None] = deque()
        self.batches: list[list[Record]] = []

    async def append(self, records: Sequence[tuple[bytes, bytes]]) -> int:
        self.batches.append([record.decode(value) for _, value in records])
        if self.script:
            await self.script.popleft()()
        base = self.log.land(PARTITION, records, "me")
        answer = self.answers.popleft() if self.answers else base
        if answer is None:
            raise AppendUnknown("It landed, but nobody says so.")
        return answer

    async def close(self) -> None:
        """Nothing to close."""


class Stage:
    """An owner that has just taken over: its claim is the log's only record."""

    def __init__(self, checkpoints: Checkpoints | None = None) -> None:
        self.log = fair_log()
        land(self.log, CLAIM)
        self.appender = ScriptedAppender(self.log)
        self.opened = asyncio.Event()
        self.now = NOON
        self.learned: list[int] = []
        self.heads = Heads(PARTITION, checkpoints or fair_checkpoints())
        desk = Desk(
            PARTITION,
            TENURE,
            self.heads,
            terms(),
            self.log,
            self.appender,
            self.learned.append,
            lambda: self.now,
            batch_bytes=1 << 20,
        )
        self.owner = Owner(desk, 1, EPOCH, NOON, self.opened)
        self.running = asyncio.create_task(self.owner.run())

    def ask(self, command: Order, number: int | None = 1) -> "asyncio.Task[Handled]":
        """Hands the owner a submission."""
        return asyncio.create_task(self.owner.submit(asked(command, number), PATIENCE_S))


@contextmanager
def held(stage: Stage) -> Iterator[None]:
    """The next append waits until the block has ended."""
    through = asyncio.Event()

    async def wait() -> None:
        await through.wait()

    stage.appender.script.append(wait)
    yield
    through.set()


async def settled() -> None:
    """Lets everything happen that the fair network lets happen.

    In many small steps: after one long one on a busy machine, timers of what leads to something
    else would be due in the same turn as the one that ends it.
    """
    for _ in range(20):
        await asyncio.sleep(0.001)
