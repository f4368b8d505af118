"""Log files of the local stack: bounded on disk, readable from their end.

A child writes to its file by itself, so that it needs no supervisor to write. Rotation therefore
copies and truncates, which is safe because children append. What they write meanwhile is lost.
"""

import os
import shutil
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

KEPT_PARTS: Final = 2
POLL_SECONDS: Final = 0.2


def rotate(file: Path, bytes_max: int) -> bool:
    """Move what is in `file` aside once it has grown beyond `bytes_max`; whether it did.

    Raises OSError when the disk takes no copy. The file is emptied all the same then, because a
    log that fills the disk helps nobody.
    """
    if not file.exists() or file.stat().st_size <= bytes_max:
        return False
    try:
        for number in range(KEPT_PARTS, 1, -1):
            older = _part(file, number - 1)
            if older.exists():
                older.replace(_part(file, number))
        shutil.copyfile(file, _part(file, 1))
    finally:
        os.truncate(file, 0)
    return True


def last_lines(file: Path, count: int) -> list[str]:
    """The last lines of a log, without line ends. Raises FileNotFoundError."""
    with file.open(encoding="utf-8", errors="replace") as log:
        return [line.rstrip("\n") for line in deque(log, maxlen=count)]


def follow(files: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """New lines of several logs as they appear, for ever. Survives rotation."""
    places = {file: _size(file) for file in files}
    rests = dict.fromkeys(files, "")
    while True:
        for file in files:
            size = _size(file)
            if size < places[file]:
                places[file] = 0
            if size > places[file]:
                with file.open("rb") as log:
                    log.seek(places[file])
                    fresh = log.read(size - places[file])
                places[file] = size
                *lines, rests[file] = (rests[file] + fresh.decode(errors="replace")).split("\n")
                yield from ((file, line) for line in lines)
        time.sleep(POLL_SECONDS)


def _part(file: Path, number: int) -> Path:
    return file.with_name(f"{file.name}.{number}")


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
