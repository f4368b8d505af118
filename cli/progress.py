"""Progress of anything over two seconds: a bar on a terminal, a line now and then elsewhere."""

import time
from types import TracebackType
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from cli.output import say

LINE_S: Final = 5.0
"""Between two lines where nobody watches a bar."""


class Steps:
    """Steps one after another on standard error, each with its count, rate and time left.

    Threads may advance and remark at once.
    """

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._watched = console.is_terminal
        self._bars = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description:<22}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:>10}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[remark]}"),
            console=console,
            disable=not self._watched,
        )
        self._task: TaskID | None = None
        self._started_s = self._told_s = time.monotonic()

    def __enter__(self) -> "Steps":
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def begin(self, name: str, total: int) -> None:
        """The next step, of `total` things."""
        self._task = self._bars.add_task(name, total=total, rate="", remark="")
        self._started_s = self._told_s = time.monotonic()

    def advance(self, count: int = 1) -> None:
        """So many things more of the step are done."""
        task = self._step()
        self._bars.advance(task.id, count)
        self._bars.update(task.id, rate=f"{_rate(task, self._started_s):,.0f}/s", remark="")
        self._tell_now_and_then(_line(task, self._started_s))

    def remark(self, text: str) -> None:
        """Says what is in the way just now, also before the first step."""
        if self._task is not None:
            self._bars.update(self._task, remark=f"waiting: {text}")
        self._tell_now_and_then(f"waiting: {text}")

    def end(self) -> float:
        """Ends the step; how many things a second it did."""
        task = self._step()
        if not self._watched:
            say(_line(task, self._started_s))
        return _rate(task, self._started_s)

    def _step(self) -> Task:
        assert self._task is not None, "no step has begun"
        return self._bars.tasks[self._task]

    def _tell_now_and_then(self, line: str) -> None:
        if not self._watched and time.monotonic() - self._told_s > LINE_S:
            self._told_s = time.monotonic()
            say(line)


def _rate(task: Task, started_s: float) -> float:
    return task.completed / max(1e-6, time.monotonic() - started_s)


def _line(task: Task, started_s: float) -> str:
    rate = _rate(task, started_s)
    total = task.total or 0
    left = f", {(total - task.completed) / rate:,.0f} s left" if 0 < task.completed < total else ""
    return f"{task.description}: {task.completed:,.0f} of {total:,.0f} ({rate:,.0f}/s{left})"
