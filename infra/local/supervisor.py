"""The background process that keeps the local stack running, in stages, and reports on it."""

import asyncio
import contextlib
import logging
import os
import shutil
import signal
from collections.abc import Sequence
from typing import Final

from infra.local import control, log_files, pidfiles
from infra.local.home import Home
from infra.local.keeper import Keeper
from infra.local.process import Recipe

HOUSEKEEPING_SECONDS: Final = 5.0
FREE_BYTES_MIN: Final = 256 << 20

log = logging.getLogger("agora.supervisor")


class Supervisor:
    """All processes of one stack. A stage starts when the one before it serves."""

    def __init__(self, home: Home, stages: Sequence[Sequence[Recipe]], log_bytes_max: int) -> None:
        self._home = home
        self._log_bytes_max = log_bytes_max
        self._stages: list[list[Keeper]] = []
        self._stop = asyncio.Event()
        for recipes in stages:
            before = self._stages[-1] if self._stages else []
            self._stages.append([Keeper(recipe, home, before) for recipe in recipes])

    async def run(self) -> None:
        """Start everything and keep it running until a signal or a request ends it."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        self._home.run.mkdir(parents=True, exist_ok=True, mode=0o700)
        pidfiles.record(self._home.run, pidfiles.SUPERVISOR, os.getpid())
        server = await control.serve(self._home.run, self._answer)
        lives = [asyncio.create_task(keeper.keep()) for keeper in self._keepers()]
        housekeeping = asyncio.create_task(self._keep_house())
        try:
            await self._until_stopped(lives)
        finally:
            await self._wind_down(lives)
            housekeeping.cancel()
            server.close()
            self._home.socket.unlink(missing_ok=True)
            pidfiles.forget(self._home.run, pidfiles.SUPERVISOR)
            log.info("everything has stopped")

    def _keepers(self) -> list[Keeper]:
        return [keeper for stage in self._stages for keeper in stage]

    async def _until_stopped(self, lives: Sequence[asyncio.Task[None]]) -> None:
        """Wait for the order to stop; a keeper that raises is a bug, which ends the stack."""
        stop = asyncio.create_task(self._stop.wait())
        pending = {stop, *lives}
        while not stop.done():
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    async def _wind_down(self, lives: Sequence[asyncio.Task[None]]) -> None:
        self._stop.set()
        for stage in reversed(self._stages):
            await asyncio.gather(*(keeper.stop() for keeper in stage))
        await asyncio.gather(*lives, return_exceptions=True)

    def _answer(self, request: control.Request) -> control.Status:
        if request.order == "stop":
            self._stop.set()
        return control.Status(
            pid=os.getpid(),
            stopping=self._stop.is_set(),
            processes=tuple(keeper.report() for keeper in self._keepers()),
            warnings=tuple(disk_warnings(self._home)),
        )

    async def _keep_house(self) -> None:
        files = [keeper.process.log_file for keeper in self._keepers()]
        files.append(self._home.log_file(pidfiles.SUPERVISOR))
        while True:
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            for file in files:
                try:
                    log_files.rotate(file, self._log_bytes_max)
                except OSError as problem:
                    with contextlib.suppress(OSError):
                        log.warning("cannot keep the older part of %s: %s", file, problem)


def disk_warnings(home: Home) -> list[str]:
    """What a person should know about the disk before its servers stop for want of room."""
    free = shutil.disk_usage(home.root).free
    if free >= FREE_BYTES_MIN:
        return []
    return [f"the disk of {home.root} is full: {free >> 20} MiB are free; make room for the data"]
