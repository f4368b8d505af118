"""How a process of the tests is made to die, or to freeze, between two steps of the product's.

The product knows nothing of it: its functions are wrapped in a process of the tests alone
(`tests.faults.instance`). A point is armed by writing a signal's number and the point's name to
the process' file.
"""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any


class Trigger:
    """Sends this process a signal, once, when it passes the point named in `file`."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def armed(self, point: str) -> bool:
        """Whether something is to happen at `point`."""
        return self._signal(point) != 0

    def reached(self, point: str) -> None:
        """Dies or freezes here if it is to."""
        if number := self._signal(point):
            # Whoever armed it may disarm it in this very moment.
            self._file.unlink(missing_ok=True)
            os.kill(os.getpid(), number)

    def _signal(self, point: str) -> int:
        try:
            number, _, wanted = self._file.read_text().partition(" ")
        except FileNotFoundError:
            return 0
        return int(number) if wanted == point else 0


def around(place: Any, name: str, trigger: Trigger, *, before: str, after: str) -> None:
    original: Callable[..., Any] = getattr(place, name)

    def passing(*arguments: Any, **named: Any) -> Any:
        trigger.reached(before)
        result = original(*arguments, **named)
        trigger.reached(after)
        return result

    setattr(place, name, passing)


def around_await(place: Any, name: str, trigger: Trigger, before: str, after: str) -> None:
    original: Callable[..., Awaitable[Any]] = getattr(place, name)

    async def passing(*arguments: Any, **named: Any) -> Any:
        trigger.reached(before)
        result = await original(*arguments, **named)
        trigger.reached(after)
        return result

    setattr(place, name, passing)
