"""Waiting until what is measured has done its work."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

LOOK_S: Final = 0.005


async def until(holds: Callable[[], Awaitable[bool]], within_s: float) -> None:
    """Returns once it holds, at most one look later; raises `TimeoutError` if it does not."""
    async with asyncio.timeout(within_s):
        while not await holds():  # noqa: ASYNC110  What is waited for has no event.
            await asyncio.sleep(LOOK_S)
