"""An open loop: so many events a second, whatever becomes of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

TICK_S: Final = 0.005

T = TypeVar("T")
A = TypeVar("A")


async def paced(
    things: Sequence[T], rate: float, send: Callable[[Sequence[T]], Awaitable[Sequence[A]]]
) -> list[A]:
    """Sends the things at that rate, those that are due together; what the sends answered.

    After a send that took too long all that is due by then goes out at once.
    """
    answers: list[A] = []
    sent = 0
    began = time.perf_counter()
    while sent < len(things):
        due = min(len(things), int((time.perf_counter() - began) * rate))
        if due > sent:
            answers += await send(things[sent:due])
            sent = due
        else:
            await asyncio.sleep(TICK_S)
    return answers
