"""One fleet for all of it: three instances, two dozen people."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.fleet import Fleet, running_fleet
from tests.stack import Stack

INSTANCES = 3
PEOPLE = 24


@pytest.fixture(scope="package")
def fleet(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Three command processes on the servers of the run."""
    folder: Path = tmp_path_factory.mktemp("fleet")
    with running_fleet(stack.settings(), folder, INSTANCES, PEOPLE) as running:
        yield running
