"""`agora`, with points to die at: `python -m tests.faults.instance FILE serve commands`."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

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


def run() -> None:
    """Plants the points of the sides named, armed by the file named first, and is `agora`."""
    file = Path(sys.argv.pop(1))
    adopt_if_arrived(file.parent)
    for side in sys.argv[2:]:
        PLANTING[side](Trigger(file))
    main()


if __name__ == "__main__":
    run()
