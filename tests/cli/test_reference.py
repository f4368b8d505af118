"""Generated pages say what the code says."""

from pathlib import Path

import pytest

from cli import reference
from infra.config import Settings
from infra.config_reference import settings_page
from infra.config_sources import settings_of


def test_the_pages_are_up_to_date() -> None:
    assert reference.outdated() == []


def test_every_setting_has_its_line() -> None:
    page = settings_page()
    assert [one.path for one in settings_of(Settings) if f"`{one.variable}`" not in page] == []


def test_an_outdated_page_is_named_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    assert reference.main(["--check"]) == 1
    assert "settings.md is outdated" in capsys.readouterr().err
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0
