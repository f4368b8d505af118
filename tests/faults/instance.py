"""`agora`, with points to die at: `python -m tests.faults.instance FILE serve commands`."""

import sys
from pathlib import Path

from cli.main import main
from tests.faults.points import Trigger, plant


def run() -> None:
    """Plants the points, armed by the file named first, and is `agora` from there on."""
    plant(Trigger(Path(sys.argv.pop(1))))
    main()


if __name__ == "__main__":
    run()
