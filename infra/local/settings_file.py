"""Changes single settings in a TOML file and leaves the rest of it, comments included, alone."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from infra.local.keys import write_private

HEADING = (
    "# Settings of Agora on this machine. `agora up` adds ports and passwords; edit at will.\n"
)


def change(file: Path, values: Mapping[str, str | int]) -> None:
    """Set each `section.name` of `values` in `file`, which only its owner may then read.

    Raises OSError when it cannot be written; the file is replaced as a whole or not at all.
    """
    text = file.read_text(encoding="utf-8") if file.exists() else HEADING
    for path, value in values.items():
        section, _, name = path.partition(".")
        text = with_value(text, section, name, value)
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
    if tomllib.loads(changed).get(section, {}).get(name) != value:
        raise ValueError(f"cannot set {section}.{name} in this file; write it on a line of its own")
    return changed


def _find(lines: list[str], start: int, pattern: str) -> int | None:
    places = (number for number in range(start, len(lines)) if re.match(pattern, lines[number]))
    return next(places, None)
