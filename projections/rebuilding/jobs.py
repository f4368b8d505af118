"""What a process of the crew is asked to do, and what it says."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from events.topics import Partition
from projections.rebuilding.filling import FillTask
from projections.rebuilding.telling import TellTask
from projections.rebuilding.telling_rows import RowTask


class FillJob(Struct, frozen=True):
    """Fill builds with one partition. The answer is a dict: why models failed, by name."""

    partition: Partition
    tasks: Sequence[FillTask]


class TellJob(Struct, frozen=True):
    """Tell what models hold of one partition. The answer is a dict: `Told` by name."""

    partition: Partition
    tasks: Sequence[TellTask]


class RowJob(Struct, frozen=True):
    """Tell what one partition has of one row. The answer is `projections.explaining.Traced`."""

    partition: Partition
    task: RowTask


Job = FillJob | TellJob | RowJob


class Runner(Protocol):
    """Who does jobs: a crew of processes, or whoever asks."""

    async def run(self, jobs: Sequence[Job], told: Callable[[int], None]) -> list[object]:
        """The answers, in the order of the jobs; `told` takes records done since the last time.

        Raises `JobFailed` at the first job that cannot be done.
        """
        ...


class Trouble(StrEnum):
    """What kept a job from being done, which says nothing about a model."""

    UNREACHABLE = "unreachable"
    NO_ROOM = "no room"
    MACHINE = "machine"
    OTHER_LOG = "other log"
    OVERTAKEN = "overtaken"
    DIED = "died"
    BUG = "bug"


class JobFailed(RuntimeError):
    """A job that was not done; the text is for people."""

    def __init__(self, trouble: Trouble, text: str) -> None:
        super().__init__(text)
        self.trouble = trouble


class Progress(Struct, frozen=True):
    """So many records more were read, or folded."""

    records: int


class Done(Struct, frozen=True):
    """The job is done; its answer."""

    answer: object


class Failed(Struct, frozen=True):
    """The job was given up."""

    trouble: Trouble
    text: str


Message = Progress | Done | Failed
