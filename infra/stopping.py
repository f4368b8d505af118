"""How a serving process is told to stop."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager


class Stop:
    """The first SIGTERM or Ctrl-C ends the process in order, the second one at once.

    Made inside the loop; `told` is set by the first one.
    """

    def __init__(self) -> None:
        self.told = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._starting: asyncio.Task[object] | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._tell)

    @contextmanager
    def while_starting(self) -> Iterator[None]:
        """A block that is left when told to stop: what it waits for may be away for long."""
        self._starting = task = asyncio.current_task()
        assert task is not None
        try:
            yield
        except asyncio.CancelledError:
            if not self.told.is_set():
                raise
            task.uncancel()
        finally:
            self._starting = None

    def _tell(self) -> None:
        self.told.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.remove_signal_handler(number)
        if self._starting is not None:
            self._starting.cancel()
