"""An event loop with simulated time and simulated processes.

Time jumps to the next timer, so seconds cost nothing. Every callback belongs to the process in
whose context it was made: a stopped process's callbacks wait (SIGSTOP), a killed one's are
dropped (kill -9). What a process had already sent belongs to the world and still arrives.
"""

import asyncio
import contextvars
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

PROCESS: contextvars.ContextVar[str] = contextvars.ContextVar("process", default="")
WORLD = ""


class Stuck(RuntimeError):
    """Nothing is left to run, but the main task has not ended."""


class Scheduled:
    """A callback to come; slimmer than asyncio's handles, since a run makes thousands."""

    __slots__ = ("args", "callback", "context", "gone", "process")

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: contextvars.Context | None,
    ) -> None:
        self.callback = callback
        self.args = args
        self.context = contextvars.copy_context() if context is None else context
        self.process = self.context.get(PROCESS, WORLD)
        self.gone = False

    def cancel(self) -> None:
        """As asyncio's handles."""
        self.gone = True

    def cancelled(self) -> bool:
        """As asyncio's handles."""
        return self.gone


class SimulatedLoop(asyncio.AbstractEventLoop):
    """Runs one coroutine to its end in simulated time, which starts at 0 seconds."""

    def __init__(self) -> None:
        self._now = 0.0
        self.steps = 0
        self.unhandled: list[BaseException] = []
        self._tasks: list[asyncio.Task[Any]] = []
        self._ready: deque[Scheduled] = deque()
        self._timers: list[tuple[float, int, Scheduled]] = []
        self._order = itertools.count()
        self._stopped: dict[str, list[Scheduled]] = {}
        self._stopped_at: dict[str, float] = {}
        self._killed: set[str] = set()
        self._world = contextvars.copy_context()

    def run(self, main: Coroutine[Any, Any, None], steps_max: int = 400_000) -> None:
        """Runs `main`; raises what it raises, or `Stuck`."""
        asyncio._set_running_loop(self)
        try:
            task = self.create_task(main)
            while not task.done():
                self._step()
                if self.steps > steps_max:
                    raise Stuck(f"Still running after {steps_max} steps.")
            task.result()
        finally:
            self._bury()
            asyncio._set_running_loop(None)

    def _bury(self) -> None:
        """Closes what never ended.

        Garbage collection must not: it would at any moment of the run and in any order, and
        CPython 3.11 crashes over the cycles of such tasks.
        """
        for task in self._tasks:
            if not task.done():
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                with suppress(RuntimeError):
                    task.get_coro().close()
        self._tasks.clear()
        self._ready.clear()
        self._timers.clear()

    def _step(self) -> None:
        if not self._ready:
            self._advance()
        step = self._ready.popleft()
        if step.gone or step.process in self._killed:
            return
        if step.process in self._stopped:
            self._stopped[step.process].append(step)
            return
        self.steps += 1
        try:
            step.context.run(step.callback, *step.args)
        except Exception as error:
            self.unhandled.append(error)

    def _advance(self) -> None:
        """Lets time jump to the next timer."""
        while self._timers:
            when, _, step = heapq.heappop(self._timers)
            if not step.gone and step.process not in self._killed:
                self._now = max(self._now, when)
                self._ready.append(step)
                return
        raise Stuck("Nothing is left to run.")

    def stop_process(self, process: str) -> None:
        """SIGSTOP."""
        self._stopped.setdefault(process, [])
        self._stopped_at.setdefault(process, self.now)

    def stopped_s(self, process: str) -> float:
        """For how long SIGSTOP has been in force; 0 if it is not."""
        return self.now - self._stopped_at.get(process, self.now)

    def continue_process(self, process: str) -> None:
        """SIGCONT."""
        self._stopped_at.pop(process, None)
        self._ready.extend(self._stopped.pop(process, []))

    def kill_process(self, process: str) -> None:
        """Kill -9: nothing of it ever runs again."""
        self._killed.add(process)
        self._stopped_at.pop(process, None)
        self._stopped.pop(process, None)

    def spawn(self, process: str, main: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """A task that belongs to `process`, like all tasks and timers that it makes."""
        context = self._world.copy()
        context.run(PROCESS.set, process)
        return self.create_task(main, context=context)

    def stand_still(self, seconds: float) -> None:
        """Time goes on and nothing runs, as on a suspended machine."""
        self._now += seconds

    def later(self, delay_s: float, callback: Callable[[], object]) -> None:
        """Calls back in the world: whatever happens to the process that asked."""
        self.call_later(delay_s, callback, context=self._world)

    @property
    def now(self) -> float:
        """Simulated seconds since the start."""
        return self._now

    def time(self) -> float:
        """As `now`."""
        return self._now

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> Scheduled:
        """As asyncio."""
        step = Scheduled(callback, args, context)
        self._ready.append(step)
        return step

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> Scheduled:
        """As asyncio."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> Scheduled:
        """As asyncio."""
        step = Scheduled(callback, args, context)
        heapq.heappush(self._timers, (when, next(self._order), step))
        return step

    def create_future(self) -> "asyncio.Future[Any]":
        """As asyncio."""
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: Any = None
    ) -> "asyncio.Task[Any]":
        """As asyncio."""
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks.append(task)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Keeps what nobody handled, except the tasks that a kill left behind."""
        if "exception" in context:
            self.unhandled.append(context["exception"])

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """As `call_exception_handler`."""
        self.call_exception_handler(context)

    def get_debug(self) -> bool:
        """Never in debug mode."""
        return False

    def is_running(self) -> bool:
        """While `run` runs."""
        return True

    def is_closed(self) -> bool:
        """Never."""
        return False
