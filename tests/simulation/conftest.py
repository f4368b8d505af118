"""Begins with the schedules as soon as it is known that tests want them; other tests come first."""

import os

import pytest

from tests.simulation.ahead import Ahead

AHEAD = pytest.StashKey[Ahead]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Other tests leave much of the processors to the schedules."""
    wanted = any("ahead" in getattr(item, "fixturenames", ()) for item in session.items)
    if wanted and not session.config.option.collectonly:
        ahead = session.config.stash[AHEAD] = Ahead()
        if "PYTEST_XDIST_WORKER" not in os.environ:
            ahead.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends what nobody asked for."""
    if AHEAD in config.stash:
        config.stash[AHEAD].close()


@pytest.fixture(scope="session")
def ahead(request: pytest.FixtureRequest) -> Ahead:
    """Knows what came of the schedules."""
    return request.config.stash[AHEAD]
