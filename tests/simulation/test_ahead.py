"""Schedules that were played ahead are taken as they are, all others are played when asked for."""

import pickle

import pytest

from tests.simulation import ahead
from tests.simulation.ahead import Ahead


def test_what_is_done_is_taken_and_the_rest_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "PLAYS", dict.fromkeys(("done", "missing"), lambda: "played now"))
    playing = Ahead()
    playing.begin()
    try:
        (playing._folder / "done").write_bytes(pickle.dumps("played ahead"))
        found = [playing.outcome(name) for name in ("done", "missing")]
    finally:
        playing.close()
    assert found == ["played ahead", "played now"]
    assert not playing._folder.exists()
