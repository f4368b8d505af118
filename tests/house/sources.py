"""The project's own files, as git knows them: tracked, or new and not ignored."""

import ast
import subprocess
from functools import cache
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).resolve().parents[2]
TEXT = {
    "", ".cfg", ".css", ".html", ".ini", ".md", ".proto", ".properties", ".py", ".sh", ".sql",
    ".toml", ".ts", ".tsx", ".xml", ".yaml", ".yml",
}  # fmt: skip
GENERATED = ("schemas/gen/", "gateway/web/src/api/generated/")


class Source(Struct, frozen=True):
    """A file's path from the root of the project, and its text."""

    path: str
    text: str

    @property
    def stem(self) -> str:
        """The file's name without folder and ending."""
        return Path(self.path).stem

    @property
    def tree(self) -> ast.Module:
        """The syntax tree, the same one each time; only of Python files."""
        return _parsed(self.text, self.path)


@cache
def _parsed(text: str, path: str) -> ast.Module:
    return ast.parse(text, path)


@cache
def texts() -> tuple[Source, ...]:
    """Every text file that people write: nothing generated, no data, no binaries."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = sorted({path for path in listed.split("\0") if path and (ROOT / path).is_file()})
    return tuple(
        Source(path=path, text=(ROOT / path).read_text(encoding="utf-8"))
        for path in paths
        if Path(path).suffix in TEXT and not path.startswith(GENERATED)
    )


def python() -> tuple[Source, ...]:
    """The Python among them, tests included."""
    return tuple(source for source in texts() if source.path.endswith(".py"))
