"""Every point is where the product still passes, so that none is armed in vain."""

import subprocess
import sys

import pytest

from tests.faults.instance import PLANTING
from tests.stack import ROOT

PLANT = """
import sys
from pathlib import Path
from tests.faults.instance import PLANTING
from tests.faults.trigger import Trigger
PLANTING[sys.argv[1]](Trigger(Path("none")))
"""


@pytest.mark.parametrize("side", PLANTING)
def test_the_points_of_a_side_find_their_places(side: str) -> None:
    # In a process of its own: nobody else is to run over planted code.
    planted = subprocess.run((sys.executable, "-c", PLANT, side), cwd=ROOT, check=False)
    assert planted.returncode == 0
