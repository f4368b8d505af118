"""What implements the ports. Add a line here and the whole suite runs on it, too.

An entry opens a fresh, empty implementation for one test; it may ask pytest for servers.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from infra.checkpoints.port import Checkpoints
from infra.checkpoints.postgres import open_checkpoints
from infra.log.kafka import open_log
from infra.log.port import Log
from infra.log.topics import ensure
from tests.simulation.standalone import fair_checkpoints, fair_log
from tests.stack import Stack

Opening = pytest.FixtureRequest


@asynccontextmanager
async def kafka(request: Opening) -> AsyncIterator[Log]:
    """Topics of its own on a real broker."""
    stack: Stack = request.getfixturevalue("stack")
    settings = stack.settings()
    await ensure(settings)
    async with open_log(settings) as log:
        yield log


@asynccontextmanager
async def postgres(request: Opening) -> AsyncIterator[Checkpoints]:
    """A schema of its own on a real server."""
    stack: Stack = request.getfixturevalue("stack")
    async with open_checkpoints(stack.settings()) as checkpoints:
        yield checkpoints


@asynccontextmanager
async def simulated_log(request: Opening) -> AsyncIterator[Log]:
    """What the simulator plays on."""
    yield fair_log()


@asynccontextmanager
async def simulated_checkpoints(request: Opening) -> AsyncIterator[Checkpoints]:
    """What the simulator plays on."""
    yield fair_checkpoints()


LOGS: Mapping[str, Callable[[Opening], AbstractAsyncContextManager[Log]]] = {
    "kafka": kafka,
    "simulated": simulated_log,
}

CHECKPOINTS: Mapping[str, Callable[[Opening], AbstractAsyncContextManager[Checkpoints]]] = {
    "postgres": postgres,
    "simulated": simulated_checkpoints,
}
