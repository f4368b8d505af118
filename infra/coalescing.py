"""Many small questions asked at the same time, answered by one round trip.

What is asked while an answer is on its way is asked in the next round, never answered by the
running one: an answer always speaks of a moment after its question.

Nobody waits for company after a quiet moment. But while one round follows the other they keep a
distance, the more the more they are asked: a busy process takes in its calls one by one, and would
else make a round trip for each, which costs it more than all the rest of a small call. A caller
that does one thing after the other, with nobody beside it, is let be.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Final, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


APART_S: Final = 0.004
APART_EACH_S: Final = 0.001
LONELY_ROUNDS: Final = 8
"""After so many rounds for one question each, during which nobody asked another, there is but one
caller."""


class Coalesced(Generic[Key, Value]):
    """Answers single keys by `ask`, which takes many and answers each of them.

    A round begins a millisecond after the one before for each key that was in it, but no sooner
    than after two and no later than after `apart_s` seconds, unless there is but one caller.
    """

    def __init__(
        self,
        ask: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Value]]],
        apart_s: float = APART_S,
    ) -> None:
        self._ask = ask
        self._apart_s = apart_s
        self._next_at = 0.0
        self._lonely = 0
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
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                if (early_s := self._next_at - loop.time()) > 0:
                    await asyncio.sleep(early_s)
                asked, self._waiting = self._waiting, {}
                began_at = loop.time()
                await self._round(asked)
                is_lonely = len(asked) == 1 and not self._waiting
                self._lonely = self._lonely + 1 if is_lonely else 0
                self._next_at = began_at + self._distance_s(len(asked))
        finally:
            self._asking = None

    async def _round(self, asked: Mapping[Key, asyncio.Future[Value]]) -> None:
        try:
            found = await self._ask(tuple(asked))
            answers = [found[key] for key in asked]
        except asyncio.CancelledError:
            # A channel that is closed cancels what is asked over it: nobody must wait for ever.
            for future in asked.values():
                future.cancel()
            if (task := asyncio.current_task()) and task.cancelling():
                raise
        except Exception as error:
            for future in asked.values():
                future.set_exception(error)
                future.exception()
        else:
            for future, answer in zip(asked.values(), answers, strict=True):
                future.set_result(answer)

    def _distance_s(self, asked: int) -> float:
        """How long after the beginning of a round for so many keys the next may begin."""
        if self._lonely >= LONELY_ROUNDS:
            return 0.0
        return min(self._apart_s, APART_EACH_S * max(2, asked))
