"""Changes single settings in a TOML file; the rest of it stays as it is, comments included."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from infra.config import SettingError
from infra.local.keys import write_private

HEADING = "# Settings of Agora on this machine. `agora up` adds what it needs; edit at will.\n"


def change(file: Path, values: Mapping[str, str | int]) -> None:
    """Set each `section.name` of `values` in `file`, which only its owner may then read.

    The file is replaced as a whole or not at all. Raises OSError when it cannot be written,
    SettingError when it is in a style that only its owner should change.
    """
    text = file.read_text(encoding="utf-8") if file.exists() else HEADING
    for path, value in values.items():
        section, _, name = path.partition(".")
        try:
            text = with_value(text, section, name, value)
        except ValueError as problem:
            raise SettingError(
                path, f"cannot become {value!r} here: {problem}", str(file)
            ) from None
    write_private(file, text.encode())


def with_value(text: str, section: str, name: str, value: str | int) -> str:
    """`text` with one setting set: in place of its line, else under its section, else at the end.

    Raises ValueError for a file in a style where a line is not a setting.
    """
    line = f"{name} = {json.dumps(value)}"
    lines = text.splitlines()
    header = _find(lines, 0, rf"\s*\[\s*{section}\s*\]")
    if header is None:
        lines += ["", f"[{section}]", line]
    else:
        after = _find(lines, header + 1, r"\s*\[")
        end = len(lines) if after is None else after
        place = _find(lines[:end], header + 1, rf"\s*{name}\s*=")
        if place is None:
            lines.insert(header + 1, line)
        else:
            lines[place] = line
    changed = "\n".join(lines) + "\n"
    try:
        written = tomllib.loads(changed).get(section, {}).get(name)
    except tomllib.TOMLDecodeError:
        written = None
    if written != value:
        raise ValueError(f"write {name} on a line of its own under [{section}]")
    return changed


def _find(lines: list[str], start: int, pattern: str) -> int | None:
    places = (number for number in range(start, len(lines)) if re.match(pattern, lines[number]))
    return next(places, None)
