"""The crew: processes that share out the partitions of the log, since one core folds for long."""

import asyncio
import multiprocessing
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from infra.config import Settings
from projections.rebuilding.jobs import Done, Failed, Job, JobFailed, Message, Progress, Trouble
from projections.rebuilding.member import work


class Crew:
    """Processes that do jobs. Use `crew`, which ends them, whatever happens."""

    def __init__(self, members: Sequence["_Member"]) -> None:
        self._members = members

    async def run(self, jobs: Sequence[Job], told: Callable[[int], None]) -> list[object]:
        """The answers, in the order of the jobs; `told` takes records done since the last time.

        Raises `JobFailed` at the first job that cannot be done; the crew is of no use after that.
        """
        waiting = deque(enumerate(jobs))
        answers: dict[int, object] = {}

        async def serve(member: _Member) -> None:
            while waiting:
                number, job = waiting.popleft()
                answers[number] = await member.do(job, told)

        try:
            async with asyncio.TaskGroup() as group:
                for member in self._members:
                    group.create_task(serve(member))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [answers[number] for number in range(len(jobs))]

    @property
    def pids(self) -> list[int]:
        """The processes."""
        return [member.pid for member in self._members]


class _Member:
    """One process, as the crew sees it."""

    def __init__(self, process: SpawnProcess, pipe: Connection) -> None:
        self._process = process
        self._pipe = pipe

    @property
    def pid(self) -> int:
        assert self._process.pid is not None, "it was started"
        return self._process.pid

    async def do(self, job: Job, told: Callable[[int], None]) -> object:
        try:
            self._pipe.send(job)
            while True:
                match await asyncio.to_thread(self._next):
                    case Progress(records):
                        told(records)
                    case Done(answer):
                        return answer
                    case Failed(trouble, text):
                        raise JobFailed(trouble, text)
        except (EOFError, OSError) as gone:
            self._process.join()
            text = f"Process {self.pid} of the crew ended by itself ({self._process.exitcode})."
            raise JobFailed(Trouble.DIED, text) from gone

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def _next(self) -> Message:
        message: Message = self._pipe.recv()
        return message


@asynccontextmanager
async def crew(settings: Settings, size: int) -> AsyncIterator[Crew]:
    """So many processes, ended at the end of the block without asking."""
    members: list[_Member] = []
    try:
        # One by one, so that those which have started are ended if another cannot.
        members.extend(_started(settings, f"agora-fold-{number}") for number in range(size))
        yield Crew(members)
    finally:
        for member in members:
            member.end()


def _started(settings: Settings, name: str) -> _Member:
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=work, args=(settings, theirs), name=name, daemon=True)
    # Started by the first member otherwise, it would let signals through again (CPython 3.11).
    resource_tracker.ensure_running()
    # A member never gets Ctrl-C, not even while it starts: it ends when its crew does.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    # Held here, too, its end would never be seen to close.
    theirs.close()
    return _Member(process, ours)
