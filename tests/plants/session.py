"""A session of pytest in which each test runs once for each fault that it should catch.

`pytest -p tests.plants.session --plants=FILE TEST…` writes to FILE what became of each plant:
`caught`, `missed`, or why it no longer fits. Only a failure of the test itself counts as caught.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from _pytest.runner import runtestprotocol

from tests.plants.planting import Outdated, planted
from tests.plants.table import PLANTS

CAUGHT, MISSED = "caught", "missed"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the outcomes go."""
    parser.addoption("--plants", type=Path, required=True)


class Planting:
    """Runs tests with faults in place."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._outcomes: dict[str, str] = {}
        self._plants: defaultdict[str, list[str]] = defaultdict(list)
        for name, plant in PLANTS.items():
            self._plants[plant.caught_by].append(name)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Each fault of the test in turn; the first case of a test that catches it is enough."""
        names = [
            name
            for name in self._plants[item.nodeid.partition("[")[0]]
            if self._outcomes.get(name) != CAUGHT
        ]
        for place, name in enumerate(names, start=1):
            following = nextitem if place == len(names) else item
            try:
                with planted(PLANTS[name]):
                    reports = runtestprotocol(item, log=False, nextitem=following)
            except Outdated as reason:
                self._outcomes[name] = str(reason)
            else:
                self._outcomes[name] = _outcome(reports)
        return True

    def pytest_sessionfinish(self) -> None:
        """Writes the outcomes down."""
        self._file.write_bytes(msgspec.json.encode(self._outcomes))


def pytest_configure(config: pytest.Config) -> None:
    """Joins the session."""
    config.pluginmanager.register(Planting(config.getoption("--plants")))


def _outcome(reports: Sequence[pytest.TestReport]) -> str:
    return CAUGHT if any(report.failed for report in reports) else MISSED
