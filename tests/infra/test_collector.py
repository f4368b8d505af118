"""The garbage collector of processes that serve."""

import gc
from collections.abc import Iterator

import pytest

from infra.collector import YOUNG_OBJECTS, calm_collector


@pytest.fixture
def _collector_as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("_collector_as_before")
def test_what_there_is_when_it_is_calmed_is_not_looked_through_again() -> None:
    kept: list[list[int]] = [[] for _ in range(1000)]
    calm_collector()
    assert gc.get_freeze_count() >= len(kept)
    assert gc.get_threshold()[0] == YOUNG_OBJECTS
