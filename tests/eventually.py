"""Waiting for what comes by itself, within a bound that only a fault exceeds."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

SECONDS: Final = 20.0
_PAUSE_S: Final = 0.01


async def eventually(
    holds: Callable[[], Awaitable[bool]], within_s: float = SECONDS, pause_s: float = _PAUSE_S
) -> None:
    """Returns once it holds; raises AssertionError if it does not within the time."""
    try:
        async with asyncio.timeout(within_s):
            while not await holds():  # noqa: ASYNC110  What is waited for has no event.
                await asyncio.sleep(pause_s)
    except TimeoutError:
        raise AssertionError(f"did not come to hold within {within_s:.0f} s") from None
