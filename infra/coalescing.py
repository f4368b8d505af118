"""Many small questions asked at the same time, answered by one round trip.

What is asked while an answer is on its way is asked in the next round, never answered by the
running one: an answer always speaks of a moment after its question.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Coalesced(Generic[Key, Value]):
    """Answers single keys by `ask`, which takes many and answers each of them."""

    def __init__(self, ask: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Value]]]) -> None:
        self._ask = ask
        self._waiting: dict[Key, asyncio.Future[Value]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def answer(self, key: Key) -> Value:
        """The answer for one key; raises what `ask` raises for the round that it was in."""
        if key not in self._waiting:
            self._waiting[key] = asyncio.get_running_loop().create_future()
            if self._asking is None:
                self._asking = asyncio.create_task(self._rounds())
        return await asyncio.shield(self._waiting[key])

    async def _rounds(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting, {}
            try:
                found = await self._ask(tuple(asked))
            except Exception as error:
                for future in asked.values():
                    future.set_exception(error)
                    future.exception()
            else:
                for key, future in asked.items():
                    future.set_result(found[key])
        self._asking = None
