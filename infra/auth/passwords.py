"""Argon2id (RFC 9106), off the event loop, with bounded concurrency."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError
from msgspec import Struct

from schemas.refusals import TooMany

T = TypeVar("T")


class Cost(Struct, frozen=True):
    """What one hash takes: passes over `memory_kib` of memory."""

    passes: int
    memory_kib: int

    @property
    def work(self) -> int:
        """How much work it is, to compare with."""
        return self.passes * self.memory_kib


STANDARD: Final = Cost(passes=2, memory_kib=19 * 1024)
"""The least that OWASP's Password Storage Cheat Sheet accepts; 30 ms where it was tried."""

CHEAP: Final = Cost(passes=1, memory_kib=8)
"""For tests and invented people only: it resists nobody."""

_ABSENT: Final = "nobody has this password"


class PasswordHashes:
    """Hashes and checks in threads of its own, `threads` at once, while `waiting_max` more wait.

    Both raise TooMany PASSWORD_CHECKS_BUSY instead of waiting longer.
    """

    def __init__(self, cost: Cost = STANDARD, *, threads: int = 2, waiting_max: int = 32) -> None:
        self._cost = cost
        self._hasher = PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=1
        )
        self._absent = self._hasher.hash(_ABSENT)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._places = threading.BoundedSemaphore(threads + waiting_max)

    def close(self) -> None:
        """Take no more work; what waits is dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hashed(self, password: str) -> str:
        """A new salted hash, with its parameters inside."""
        return await self._threaded(lambda: self._hasher.hash(password))

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether `stored` is of `password`; takes as long when nothing is stored."""
        against = self._absent if stored is None else stored
        matching = await self._threaded(lambda: self._matching(against, password))
        return matching and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether `stored` cost less than a new hash would."""
        then = extract_parameters(stored)
        return Cost(then.time_cost, then.memory_cost).work < self._cost.work

    def _matching(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except VerifyMismatchError:
            return False

    async def _threaded(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            detail = "Too many people are signing in right now; try again in a moment."
            raise TooMany("PASSWORD_CHECKS_BUSY", detail)
        future = self._threads.submit(work)
        # The place is taken until the thread is done, even if nobody waits for it any more.
        future.add_done_callback(self._vacate)
        return await asyncio.wrap_future(future)

    def _vacate(self, done: Future[T]) -> None:
        self._places.release()
