"""A settings file is changed line by line, as its owner would."""

import tomllib
from pathlib import Path

import pytest

from infra.config import SettingError
from infra.local.settings_file import change, with_value

MINE = """\
# my own words
[kafka]
prefix = "mine."   # stays
[redis]
url = "redis://127.0.0.1:6379/0"
"""


def test_a_setting_is_replaced_in_its_place() -> None:
    changed = with_value(MINE, "redis", "url", "redis://127.0.0.1:6380/0")
    assert changed == MINE.replace("6379", "6380")


def test_a_setting_is_added_to_its_section() -> None:
    changed = with_value(MINE, "kafka", "bootstrap", "127.0.0.1:9094")
    assert tomllib.loads(changed)["kafka"] == {"prefix": "mine.", "bootstrap": "127.0.0.1:9094"}
    assert "# my own words" in changed
    assert "# stays" in changed


def test_a_section_is_added_at_the_end() -> None:
    assert tomllib.loads(with_value(MINE, "gateway", "port", 3001))["gateway"] == {"port": 3001}


def test_a_setting_of_the_same_name_elsewhere_stays() -> None:
    text = '[nats]\nurl = "nats://a:1"\n[redis]\nurl = "redis://a:1"\n'
    changed = tomllib.loads(with_value(text, "redis", "url", "redis://a:2"))
    assert changed == {"nats": {"url": "nats://a:1"}, "redis": {"url": "redis://a:2"}}


def test_a_file_written_in_another_style_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "agora.toml"
    file.write_text('redis = { url = "redis://a:1" }\n')
    with pytest.raises(SettingError, match="a line of its own") as raised:
        change(file, {"redis.url": "redis://a:2"})
    assert (raised.value.setting, raised.value.source) == ("redis.url", str(file))
    assert file.read_text() == 'redis = { url = "redis://a:1" }\n'


def test_the_file_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "agora.toml"
    file.write_text(MINE)
    change(file, {"redis.url": "redis://:secret@127.0.0.1:6379/0", "gateway.port": 3001})
    assert file.stat().st_mode & 0o777 == 0o600
    assert tomllib.loads(file.read_text())["gateway"]["port"] == 3001
    assert [entry.name for entry in tmp_path.iterdir()] == ["agora.toml"]
