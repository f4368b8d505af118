"""Places between two steps of the writer at which a process can be told to die, or to freeze.

The product knows nothing of them: `plant` wraps its functions in a process of the tests alone
(`tests.faults.instance`). A point is armed by writing a signal's number and the point's name to
the process' file.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from commands.writer import owner, takeover
from commands.writer.owner import Owner
from events import record
from infra.checkpoints.postgres import PostgresCheckpoints
from infra.log.kafka_appender import KafkaAppender

IN_FLIGHT_S: Final = 0.001
"""How long after the start of an append it counts as sent, and its answer perhaps as on the way."""

APPENDS: Final = ("unsent", "in-flight", "acked")

OWNING: Final = (
    "undecided",
    "decided",
    *(f"decision-{step}" for step in APPENDS),
    "answered",
    *(f"barrier-{step}" for step in APPENDS),
    "checkpoint-unsaved",
    "checkpoint-saved",
)
INHERITING: Final = (
    *(f"claim-{step}" for step in APPENDS),
    "checkpoint-untaken",
    "checkpoint-taken",
    "replaying",
    "replayed",
)
LEAVING: Final = tuple(f"release-{step}" for step in APPENDS)
POINTS: Final = frozenset((*OWNING, *INHERITING, *LEAVING))

Function = Callable[..., Any]


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
        assert point in POINTS, point
        try:
            number, _, wanted = self._file.read_text().partition(" ")
        except FileNotFoundError:
            return 0
        return int(number) if wanted == point else 0


def plant(trigger: Trigger) -> None:
    """Puts all points in their places."""
    _around(owner, "rule", trigger, before="undecided", after="decided")
    _around_await(PostgresCheckpoints, "take", trigger, "checkpoint-untaken", "checkpoint-taken")
    _around_await(PostgresCheckpoints, "save", trigger, "checkpoint-unsaved", "checkpoint-saved")
    _around_await(takeover._Replay, "fold", trigger, "replaying", "replayed")
    _plant_in_appends(trigger)
    _plant_after_answers(trigger)


def _around(place: Any, name: str, trigger: Trigger, *, before: str, after: str) -> None:
    original: Function = getattr(place, name)

    def passing(*arguments: Any, **named: Any) -> Any:
        trigger.reached(before)
        result = original(*arguments, **named)
        trigger.reached(after)
        return result

    setattr(place, name, passing)


def _around_await(place: Any, name: str, trigger: Trigger, before: str, after: str) -> None:
    original: Callable[..., Awaitable[Any]] = getattr(place, name)

    async def passing(*arguments: Any, **named: Any) -> Any:
        trigger.reached(before)
        result = await original(*arguments, **named)
        trigger.reached(after)
        return result

    setattr(place, name, passing)


def _plant_in_appends(trigger: Trigger) -> None:
    original = KafkaAppender.append

    async def append(self: KafkaAppender, records: Sequence[tuple[bytes, bytes]]) -> int:
        kind = type(record.decode(records[0][1])).__name__.lower()
        trigger.reached(f"{kind}-unsent")
        appending = asyncio.ensure_future(original(self, records))
        if trigger.armed(f"{kind}-in-flight"):
            await asyncio.sleep(IN_FLIGHT_S)
            trigger.reached(f"{kind}-in-flight")
        base = await appending
        trigger.reached(f"{kind}-acked")
        return base

    _replace(KafkaAppender, {"append": append})


def _plant_after_answers(trigger: Trigger) -> None:
    original = Owner._settle

    def settle(self: Owner, batch: Any) -> None:
        original(self, batch)
        # The answers leave in the next rounds of the loop: some have gone by then, some have not.
        asyncio.get_running_loop().call_later(IN_FLIGHT_S, trigger.reached, "answered")

    _replace(Owner, {"_settle": settle})


def _replace(place: type, functions: Mapping[str, Function]) -> None:
    for name, function in functions.items():
        setattr(place, name, function)
