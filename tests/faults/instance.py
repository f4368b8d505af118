"""`agora`, with points to die at: `python -m tests.faults.instance FILE serve commands`.

Its clock may be off, by the seconds in a file beside FILE, and its way to Kafka may lead through a
relay: a broker tells its clients where it is, so that settings alone do not take them there.
"""

import os
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cli.main import main
from tests.faults.future import adopt_if_arrived
from tests.faults.side_points import plant_in_gateway, plant_in_queries, plant_in_worker
from tests.faults.trigger import Trigger


def _plant_in_commands(trigger: Trigger) -> None:
    from tests.faults.points import plant

    plant(trigger)


PLANTING: Final[Mapping[str, Callable[[Trigger], None]]] = {
    "commands": _plant_in_commands,
    "projections": plant_in_worker,
    "queries": plant_in_queries,
    "gateway": plant_in_gateway,
}


DETOUR: Final = "TESTS_KAFKA_DETOUR"
"""`PORT:RELAY`, several with commas: who wants to connect to Kafka at the one port comes to the
other."""


def run() -> None:
    """Plants the points of the sides named, armed by the file named first, and is `agora`."""
    file = Path(sys.argv.pop(1))
    adopt_if_arrived(file.parent)
    if detour := os.environ.get(DETOUR):
        pairs = (each.split(":") for each in detour.split(","))
        _divert({int(port): int(relay) for port, relay in pairs})
    for side in sys.argv[2:]:
        PLANTING[side](Trigger(file))
        clock = file.with_suffix(".clock")
        if side == "commands" and clock.exists():
            _turn_clock(timedelta(seconds=float(clock.read_text())))
    main()


def _divert(relays: Mapping[int, int]) -> None:
    from aiokafka import client

    connect = client.create_conn

    async def connected(host: str, wanted: int, **named: Any) -> Any:
        return await connect(host, relays.get(wanted, wanted), **named)

    client.create_conn = connected


def _turn_clock(by: timedelta) -> None:
    """The writer's clock: what decisions are dated by."""
    import commands.app
    from commands.writer.tools import Tools

    def turned(*arguments: Any, **named: Any) -> Tools:
        clock: Callable[[], datetime] = named["clock"]
        named["clock"] = lambda: clock() + by
        return Tools(*arguments, **named)

    # Where it is made of all that a process has.
    vars(commands.app)["Tools"] = turned


if __name__ == "__main__":
    run()
