"""Fixtures of the flows."""

from collections.abc import Iterator

import pytest

from tests.flows.town import Town


@pytest.fixture
def mended(town: Town) -> Iterator[Town]:
    """Leaves the town as it should be, whatever the test did to it."""
    yield town
    town.mend()
