"""Places between two steps of the writer at which a process can be told to die, or to freeze."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from commands.writer import owner, takeover
from commands.writer.owner import Owner
from events import record
from infra.checkpoints.postgres import PostgresCheckpoints
from infra.log.kafka_appender import KafkaAppender
from tests.faults.trigger import Trigger, around, around_await

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


def plant(trigger: Trigger) -> None:
    """Puts all points in their places."""
    around(owner, "rule", trigger, before="undecided", after="decided")
    around_await(PostgresCheckpoints, "take", trigger, "checkpoint-untaken", "checkpoint-taken")
    around_await(PostgresCheckpoints, "save", trigger, "checkpoint-unsaved", "checkpoint-saved")
    around_await(takeover._Replay, "fold", trigger, "replaying", "replayed")
    _plant_in_appends(trigger)
    _plant_after_answers(trigger)


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


def _replace(place: type, functions: Mapping[str, Callable[..., Any]]) -> None:
    for name, function in functions.items():
        setattr(place, name, function)
