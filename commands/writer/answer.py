"""The answer to one submission, shared by everyone who waits for it."""

import asyncio

from commands.submission import Handled


class Answer:
    """Given once; what comes later is dropped.

    Whoever stops waiting takes nothing from the others and does not stop the command. A future
    behind an `asyncio.shield` for each wait would do the same, for a multiple of the time.
    """

    __slots__ = ("_waiting", "error", "handled")

    def __init__(self) -> None:
        self.handled: Handled | None = None
        self.error: Exception | None = None
        self._waiting: list[asyncio.Future[Handled]] = []

    @property
    def given(self) -> bool:
        """Whether there is an answer."""
        return self.handled is not None or self.error is not None

    async def wait(self, within_s: float) -> Handled:
        """The answer, once it is given; raises the error that was given in its place.

        Raises TimeoutError after `within_s` seconds. (An `asyncio.timeout` costs more than all
        else here.)
        """
        if self.error is not None:
            raise self.error
        if self.handled is not None:
            return self.handled
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Handled] = loop.create_future()
        self._waiting.append(waiter)
        timer = loop.call_later(within_s, _give_up, waiter)
        try:
            return await waiter
        finally:
            timer.cancel()

    def give(self, handled: Handled) -> None:
        """Tells everybody who waits now or later."""
        if self.given:
            return
        self.handled = handled
        for waiter in self._left():
            waiter.set_result(handled)

    def fail(self, error: Exception) -> None:
        """Raises `error` for everybody who waits now or later."""
        if self.given:
            return
        self.error = error
        for waiter in self._left():
            waiter.set_exception(error)

    def _left(self) -> list[asyncio.Future[Handled]]:
        waiting, self._waiting = self._waiting, []
        return [waiter for waiter in waiting if not waiter.done()]


def _give_up(waiter: "asyncio.Future[Handled]") -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())
