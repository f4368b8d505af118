"""Key files are read when they are whole and private; else the setting and the file are named."""

import os
from pathlib import Path

import pytest
from rich.pretty import pretty_repr

from infra.config import SettingError, Settings
from infra.crypto.keys import load_keys
from tests.infra.crypto.key_files import settings_in


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose key files are all there."""
    return settings_in(tmp_path)


def problem_of(settings: Settings) -> str:
    """What is said of the keys."""
    with pytest.raises(SettingError) as raised:
        load_keys(settings)
    return str(raised.value)


def test_keys_are_what_the_files_hold(settings: Settings) -> None:
    keys = load_keys(settings)
    assert keys.master == settings.crypto.master_key_file.read_bytes()
    assert keys.ids == settings.crypto.id_key_file.read_bytes()
    assert keys.digests == settings.crypto.digest_key_file.read_bytes()


def test_keys_do_not_show_themselves(settings: Settings) -> None:
    keys = load_keys(settings)
    for shown in (repr(keys), str(keys), f"{keys}", pretty_repr(keys)):
        assert shown.startswith("KeyMaterial")
        assert not any(repr(key)[2:-1] in shown for key in (keys.master, keys.ids, keys.digests))


def test_a_missing_file_is_named(settings: Settings) -> None:
    settings.crypto.id_key_file.unlink()
    assert "crypto.id_key_file: cannot be read: No such file" in problem_of(settings)
    assert str(settings.crypto.id_key_file) in problem_of(settings)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_file_of_another_size_is_named_and_not_shown(settings: Settings, size: int) -> None:
    settings.crypto.digest_key_file.write_bytes(b"planted!" * 8)
    os.truncate(settings.crypto.digest_key_file, size)
    problem = problem_of(settings)
    assert "crypto.digest_key_file" in problem
    assert f"must hold 32 raw bytes, not {size}" in problem
    assert "planted" not in problem


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602, 0o601])
def test_a_file_that_others_may_open_is_refused(settings: Settings, mode: int) -> None:
    settings.crypto.master_key_file.chmod(mode)
    assert "crypto.master_key_file: is open to other users" in problem_of(settings)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_for_its_owner_alone_will_do(settings: Settings, mode: int) -> None:
    settings.crypto.master_key_file.chmod(mode)
    assert load_keys(settings).master


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lend a file to a group")
@pytest.mark.parametrize(("mode", "fine"), [(0o640, True), (0o660, False), (0o644, False)])
def test_root_may_lend_a_file_to_the_group_of_a_process_without_its_rights(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, mode: int, fine: bool
) -> None:
    settings.crypto.master_key_file.chmod(mode)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    if fine:
        assert load_keys(settings).master
    else:
        assert "is open to other users" in problem_of(settings)


def test_a_folder_is_no_key(settings: Settings) -> None:
    settings.crypto.master_key_file.unlink()
    settings.crypto.master_key_file.mkdir(mode=0o700)
    assert "crypto.master_key_file: is not a file" in problem_of(settings)
