"""Settings as the environment of a command."""

from pathlib import Path

import pytest

from infra.config import Settings
from infra.config_sources import settings_of


def use(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets commands that run in this test read `settings` from their environment."""
    for setting in settings_of(Settings):
        value = getattr(getattr(settings, setting.section), setting.name)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if value != setting.default or isinstance(value, Path):
            monkeypatch.setenv(setting.variable, text)
