"""Keeps one process running: starts it, watches it, restarts it, stops it."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Coroutine, Sequence
from typing import Final, Literal

import msgspec

from infra.local import pidfiles
from infra.local.backoff import Restarts, after_end
from infra.local.home import Home
from infra.local.process import Process, Recipe, StartError

READY_POLL_SECONDS: Final = 0.05

State = Literal["waiting", "starting", "ready", "restarting", "failing", "done", "stopped"]

log = logging.getLogger("agora.supervisor")


class Report(msgspec.Struct, frozen=True):
    """What is known of one process. `pid` is 0 while there is none."""

    name: str
    state: State
    pid: int
    port: int
    restarts: int
    problem: str


class Keeper:
    """One process of the stack, from its first start to its last stop.

    It starts once all of `needs` serve. A process that ends is started again after a delay that
    doubles; a recipe that runs `once` is done when it ends well.
    """

    def __init__(self, recipe: Recipe, home: Home, needs: Sequence["Keeper"]) -> None:
        self.recipe = recipe
        self.process = Process(recipe, home.log_file(recipe.name))
        self._home = home
        self._needs = needs
        self.served = asyncio.Event()
        self._stopping = asyncio.Event()
        self._restarts = Restarts()
        self._state: State = "waiting"
        self._problem = ""

    def report(self) -> Report:
        """How it is now."""
        return Report(
            name=self.recipe.name,
            state=self._state,
            pid=self.process.pid if self.process.running else 0,
            port=self.recipe.port,
            restarts=self._restarts.total,
            problem=self._problem,
        )

    async def keep(self) -> None:
        """Run the process until `stop` is called, or for a recipe that runs once, until done."""
        await self._until_needs_serve()
        while not self._stopping.is_set() and self._state != "done":
            began = time.monotonic()
            problem = await self._one_life()
            pidfiles.forget(self._home.run, self.recipe.name)
            if problem and not self._stopping.is_set():
                await self._back_off(problem, time.monotonic() - began)
        if self._state != "done":
            self._state = "stopped"

    async def stop(self) -> None:
        """End the process in good order, by force when it takes too long; `keep` then returns."""
        self._stopping.set()
        if self.process.running:
            await asyncio.to_thread(self.process.stop)

    async def _until_needs_serve(self) -> None:
        for need in self._needs:
            await _first(need.served.wait(), self._stopping.wait())

    async def _one_life(self) -> str:
        """Start it and wait for its end; the problem, empty when it ended as it should."""
        self._state = "starting"
        try:
            await asyncio.to_thread(self.process.start)
            self._record()
            if self._stopping.is_set():
                await asyncio.to_thread(self.process.stop)
            if not self.recipe.once:
                await self._until_ready()
            await self._ended()
        except StartError as problem:
            await asyncio.to_thread(self.process.kill)
            return str(problem)
        if self.recipe.once and self.process.exit_status == 0:
            self._state = "done"
            self.served.set()
            return ""
        return self.process.failure()

    def _record(self) -> None:
        try:
            pidfiles.record(
                self._home.run, self.recipe.name, self.process.pid, self.recipe.stop_signal
            )
        except OSError as problem:
            # It runs all the same; only a successor of a killed supervisor would miss the file.
            log.warning("no pid file for %s: %s", self.recipe.name, problem)

    async def _until_ready(self) -> None:
        deadline = time.monotonic() + self.recipe.start_seconds
        settled = time.monotonic() + self.recipe.settle_seconds
        while time.monotonic() < settled or not await asyncio.to_thread(self.process.ready):
            if not self.process.running:
                raise StartError(self.process.failure())
            if time.monotonic() > deadline:
                raise StartError(
                    f"{self.recipe.name} is not ready after {self.recipe.start_seconds:.0f} s"
                )
            await asyncio.sleep(READY_POLL_SECONDS)
        log.info("%s serves (pid %d)", self.recipe.name, self.process.pid)
        self._state, self._problem = "ready", ""
        self.served.set()

    async def _ended(self) -> None:
        """Wait for the child's end without polling."""
        try:
            handle = os.pidfd_open(self.process.pid)
        except ProcessLookupError:
            return
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(handle, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(handle)
            os.close(handle)

    async def _back_off(self, problem: str, lived_seconds: float) -> None:
        self._restarts = after_end(self._restarts, lived_seconds)
        self._state = "failing" if self._restarts.failing else "restarting"
        self._problem = problem
        log.warning("again in %.1f s: %s", self._restarts.delay_seconds, problem)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), self._restarts.delay_seconds)


async def _first(*waits: Coroutine[None, None, object]) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
