"""Logs stay within their size and are read from their end."""

import itertools
import os
from pathlib import Path

import pytest

from infra.local.log_files import follow, last_lines, rotate


def test_a_small_log_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("line\n")
    assert not rotate(log, 100)
    assert not rotate(tmp_path / "missing.log", 100)
    assert log.read_text() == "line\n"


def test_a_large_log_starts_anew_and_its_older_parts_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    for text in ("first\n", "second\n", "third\n"):
        log.write_text(text)
        assert rotate(log, 3)
    assert log.read_text() == ""
    assert (tmp_path / "a.log.1").read_text() == "third\n"
    assert (tmp_path / "a.log.2").read_text() == "second\n"
    assert not (tmp_path / "a.log.3").exists()


def test_who_appends_goes_on_in_the_emptied_log(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"before\n")
        rotate(log, 1)
        writer.write(b"after\n")
    assert log.read_bytes() == b"after\n"


def test_a_log_is_emptied_even_when_no_copy_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    log = tmp_path / "a.log"
    log.write_text("long enough\n")
    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(OSError, match="No space left"):
        rotate(log, 1)
    assert log.read_text() == ""


def test_the_last_lines_are_the_last(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"one\ntwo\n\xff\n")
    assert last_lines(log, 2) == ["two", "\N{REPLACEMENT CHARACTER}"]


def test_new_lines_are_followed_across_rotation(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("old\n")
    followed = follow([log])
    writer = os.open(log, os.O_WRONLY | os.O_APPEND)
    seen = []
    # The generator notes where logs end when it is first asked, so the first line comes after.
    with pytest.MonkeyPatch.context() as patch:
        steps = iter([b"one\nha", b"lf\n", b"", b"new\n"])

        def next_step(seconds: float) -> None:
            step = next(steps)
            if not step:
                os.truncate(log, 0)
            os.write(writer, step)

        patch.setattr("time.sleep", next_step)
        seen = [line for _, line in itertools.islice(followed, 3)]
    os.close(writer)
    assert seen == ["one", "half", "new"]
