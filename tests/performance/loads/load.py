"""Closed loops: so many callers, each with one request on its way, until the time is over."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from tests.performance.figures import Turn, turn


async def by_tasks(callers: int, seconds: float, once: Callable[[], Awaitable[object]]) -> Turn:
    """The turn of `callers` tasks that call `once` again and again. What it raises passes."""
    latencies: list[float] = []
    started = time.perf_counter()
    deadline = started + seconds

    async def call() -> None:
        while (began := time.perf_counter()) < deadline:
            await once()
            latencies.append(time.perf_counter() - began)

    async with asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(call())
    return turn(latencies, time.perf_counter() - started)


def by_threads(callers: int, seconds: float, once: Callable[[], None]) -> Turn:
    """As `by_tasks`, by threads: for libraries that block."""
    latencies: list[float] = []
    started = threading.Barrier(callers + 1)

    def call() -> None:
        started.wait()
        deadline = time.perf_counter() + seconds
        while (began := time.perf_counter()) < deadline:
            once()
            latencies.append(time.perf_counter() - began)

    with ThreadPoolExecutor(callers) as threads:
        calls = [threads.submit(call) for _ in range(callers)]
        started.wait()
        began = time.perf_counter()
        for each in calls:
            each.result()
        return turn(latencies, time.perf_counter() - began)
