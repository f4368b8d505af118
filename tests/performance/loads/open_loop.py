"""An open loop of requests: they come when they come, however long others take."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

UNDER_WAY_MAX: Final = 256
"""With more of them the server is not up with the rate, and the rest of the time is spared."""
GRACE_S: Final = 30.0


class Taken(NamedTuple):
    """What kind of request it was, and how many seconds after its time it was answered."""

    kind: str
    seconds: float


class Step(NamedTuple):
    """What came of one rate. `kept_up` unless it had to be given up."""

    taken: list[Taken]
    elapsed_s: float
    kept_up: bool

    def seconds(self, kind: str = "") -> list[float]:
        """The latencies of one kind, of all if it is empty."""
        return [one.seconds for one in self.taken if kind in ("", one.kind)]


async def open_loop(
    rate: float, seconds: float, dice: random.Random, ask: Callable[[], Awaitable[str]]
) -> Step:
    """Requests by a Poisson process; `ask` makes one, and answers its kind. What it raises passes.

    A latency begins when the request was due, so that a generator that is late makes no figure
    look better. Raises `TimeoutError` when what is under way at the end stays there.
    """
    taken: list[Taken] = []
    under_way: set[asyncio.Task[None]] = set()

    async def one(due: float) -> None:
        kind = await ask()
        taken.append(Taken(kind, time.perf_counter() - due))

    began = due = time.perf_counter()
    async with asyncio.timeout(seconds + GRACE_S), asyncio.TaskGroup() as group:
        while (due := due + dice.expovariate(rate)) < began + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if len(under_way) > UNDER_WAY_MAX:
                break
            task = group.create_task(one(due))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        kept_up = len(under_way) <= UNDER_WAY_MAX
    return Step(taken, time.perf_counter() - began, kept_up)
