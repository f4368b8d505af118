"""What implements the ports. Add a line here and the whole suite runs on it, too.

An entry opens a fresh, empty implementation for one test; it may ask pytest for servers.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import pytest
from msgspec.structs import replace

from infra.checkpoints.port import Checkpoints
from infra.checkpoints.postgres import open_checkpoints
from infra.log.kafka import open_log
from infra.log.port import Log
from infra.log.topics import ensure
from infra.redis.markers import Markers, open_markers
from infra.redis.port import TimelineReader, TimelineWriter
from infra.redis.timelines import Timelines, open_timelines
from tests.infra.redis.memory import MemoryTimelines
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


class KeptTimelines(TimelineReader, TimelineWriter, Protocol):
    """Timelines from both ends."""


class _InRedis:
    """The two adapters as one."""

    def __init__(self, reader: Timelines, writer: Markers) -> None:
        self.glimpse = reader.glimpse
        self.merged = reader.merged
        self.begin = reader.begin
        self.finish = reader.finish
        self.push = writer.push
        self.forget = writer.forget
        self.merge = writer.merge
        self.advance = writer.advance


@asynccontextmanager
async def redis(request: Opening, keep: int) -> AsyncIterator[KeptTimelines]:
    """Keys of its own on a real server."""
    stack: Stack = request.getfixturevalue("stack")
    settings = stack.settings()
    feeds = replace(settings.feeds, timeline_entries_max=keep, read_wait_ms=5000, push_wait_ms=5000)
    settings = replace(settings, feeds=feeds)
    async with open_timelines(settings) as reader, open_markers(settings) as writer:
        yield _InRedis(reader, writer)


@asynccontextmanager
async def timelines_in_memory(request: Opening, keep: int) -> AsyncIterator[KeptTimelines]:
    """What schedules of lanes and refills play on."""
    yield MemoryTimelines(keep)


LOGS: Mapping[str, Callable[[Opening], AbstractAsyncContextManager[Log]]] = {
    "kafka": kafka,
    "simulated": simulated_log,
}

CHECKPOINTS: Mapping[str, Callable[[Opening], AbstractAsyncContextManager[Checkpoints]]] = {
    "postgres": postgres,
    "simulated": simulated_checkpoints,
}

TIMELINES: Mapping[str, Callable[[Opening, int], AbstractAsyncContextManager[KeptTimelines]]] = {
    "redis": redis,
    "memory": timelines_in_memory,
}
