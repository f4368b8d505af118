"""Progress where nobody watches a bar: a line at the end, and one now and then."""

import pytest

from cli import progress
from cli.progress import Steps


def test_each_step_ends_with_its_count_and_rate(capsys: pytest.CaptureFixture[str]) -> None:
    with Steps() as steps:
        for name in ("sowing", "reaping"):
            steps.begin(name, 2)
            steps.advance()
            steps.advance()
            assert steps.end() > 0
    captured = capsys.readouterr()
    sown, reaped = captured.err.splitlines()
    assert sown.startswith("sowing: 2 of 2 (")
    assert reaped.startswith("reaping: 2 of 2 (")
    assert captured.out == ""


def test_what_is_in_the_way_is_told_even_before_the_first_step(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINE_S", 0.0)
    with Steps() as steps:
        steps.remark("503")
        steps.begin("sowing", 3)
        steps.advance()
    first, second = capsys.readouterr().err.splitlines()
    assert first == "waiting: 503"
    assert second.startswith("sowing: 1 of 3 (")
    assert second.endswith(" s left)")
