"""One process of the crew: does the jobs that come through its pipe, until that is closed.

It dies with the process that started it, however that ends.
"""

import asyncio
import gc
import multiprocessing
import os
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from typing import Final

import uvloop
from msgspec.structs import replace

from infra.config import Settings
from infra.crypto.keyring import open_keyring
from infra.crypto.keys import load_key
from infra.log.kafka import open_log
from infra.postgres.pool import open_pool
from projections.model import Model
from projections.models import MODELS
from projections.rebuilding.filling import fill
from projections.rebuilding.jobs import Done, Failed, FillJob, Job, Progress, RowJob, TellJob
from projections.rebuilding.telling import tell
from projections.rebuilding.telling_rows import tell_row
from projections.rebuilding.tools import Tools
from projections.rebuilding.troubles import told as as_failure

PROGRESS_S: Final = 0.2
"""Between two messages of progress."""


def work(settings: Settings, pipe: Connection) -> None:
    """The process: everything that it is, from start to end."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # A slice makes millions of objects that hold no cycles: they go when they are let go of.
    gc.disable()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(settings, pipe))


async def _work(settings: Settings, pipe: Connection) -> None:
    progress = _Progress(pipe)
    try:
        job = await asyncio.to_thread(pipe.recv)
        async with _tools(settings, progress) as tools:
            while True:
                answer = await _done(job, tools)
                progress.flush()
                pipe.send(Done(answer))
                gc.collect()
                job = await asyncio.to_thread(pipe.recv)
    except EOFError:
        return
    except Exception as problem:
        failure = as_failure(problem)
        pipe.send(Failed(failure.trouble, str(failure)))


async def _done(job: Job, tools: Tools) -> object:
    match job:
        case FillJob(tasks=tasks):
            known = [replace(task, model=_known(task.model)) for task in tasks]
            return await fill(known, tools)
        case TellJob(partition=partition, tasks=tasks):
            models = [replace(task, model=_known(task.model)) for task in tasks]
            return await tell(partition, models, tools)
        case RowJob(partition=partition, task=task):
            return await tell_row(partition, replace(task, model=_known(task.model)), tools)


def _known(model: Model) -> Model:
    """The same model, with tables that are those of its code and not copies: a quicker look."""
    return next((one for one in MODELS if one == model), model)


@asynccontextmanager
async def _tools(settings: Settings, progress: "_Progress") -> AsyncIterator[Tools]:
    # A large COPY may take longer than a query ever should.
    postgres = replace(settings.postgres, statement_timeout_ms=0)
    async with open_log(settings) as log, open_pool(postgres, role="rebuild") as pool:
        crypto = settings.crypto
        keys = await open_keyring(pool, load_key("crypto.master_key_file", crypto.master_key_file))
        yield Tools(pool, log, keys, progress.add)


class _Progress:
    """Tells now and then how much was done."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._records = 0
        self._told_s = 0.0

    def add(self, records: int) -> None:
        self._records += records
        if time.monotonic() - self._told_s > PROGRESS_S:
            self.flush()

    def flush(self) -> None:
        self._pipe.send(Progress(self._records))
        self._records, self._told_s = 0, time.monotonic()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "a member is started by its crew"
    parent.join()
    os._exit(1)
