"""`agora config show` tells everything but the secrets."""

import json
from pathlib import Path

import pytest

from cli.config import masked
from cli.main import run

SECRET = "hunter2"


@pytest.fixture(autouse=True)
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f'[postgres]\ndsn = "postgresql://ana:{SECRET}@db.example:5432/agora"\n')
    monkeypatch.setenv("AGORA_CONFIG", str(file))
    monkeypatch.setenv("AGORA_REDIS_URL", f"redis://:{SECRET}@cache.example:6379/0")


def test_it_shows_value_and_source_of_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "show"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["kafka.replication_factor", "1", "default"] in lines
    dsn = "postgresql://ana:***@db.example:5432/agora"
    assert [line[:2] for line in lines if line[:1] == ["postgres.dsn"]] == [["postgres.dsn", dsn]]


@pytest.mark.parametrize("arguments", [["config", "show"], ["config", "show", "--json"]])
def test_it_shows_no_secret(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 0
    shown = capsys.readouterr()
    assert SECRET not in shown.out + shown.err


def test_json_has_the_meaning_and_the_variable_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "show", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    port = next(entry for entry in data if entry["setting"] == "gateway.port")
    assert port["variable"] == "AGORA_GATEWAY_PORT"
    assert port["value"] == 3000
    assert port["meaning"]


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("redis://:word@127.0.0.1:6379/0", "redis://:***@127.0.0.1:6379/0"),
        ("postgresql://ana@db:1/x?password=word", "postgresql://ana@db:1/x"),
        ("host=db password=word", "***"),
        ("postgresql://a:wo]rd@[db/x", "***"),
        ("postgresql://ana:word@db:port/x", "***"),
        ("", ""),
    ],
)
def test_of_an_address_only_the_password_is_hidden(secret: str, shown: str) -> None:
    assert masked(secret) == shown
