"""One Agora for all flows."""

from collections.abc import Iterator

import pytest

from tests.flows.town import Town, running_town
from tests.stack import Stack


@pytest.fixture(scope="session")
def town(stack: Stack) -> Iterator[Town]:
    """Agora, serving."""
    with running_town(stack) as running:
        yield running
