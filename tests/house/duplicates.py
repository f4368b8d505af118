"""Blocks of code that stand in two places, to the letter but for indentation."""

import ast
from collections.abc import Iterable, Iterator

from tests.house.sources import Source

BLOCK_LINES = 12


def duplicated_blocks(sources: Iterable[Source]) -> Iterator[str]:
    """A sentence for each pair of places that share `BLOCK_LINES` lines of code.

    Imports, blank lines, comments and docstrings do not count: they repeat for good reasons.
    """
    seen: dict[tuple[str, ...], str] = {}
    reported: set[tuple[str, str]] = set()
    for source in sources:
        lines = list(_code_lines(source))
        for start in range(len(lines) - BLOCK_LINES + 1):
            window = lines[start : start + BLOCK_LINES]
            here = f"{source.path}:{window[0][0]}"
            there = seen.setdefault(tuple(text for _, text in window), here)
            files = (there.split(":")[0], source.path)
            if there != here and files not in reported:
                reported.add(files)
                yield f"{here} repeats {there}"


def _code_lines(source: Source) -> Iterator[tuple[int, str]]:
    skipped = _lines_of_imports_and_prose(source.tree)
    for number, line in enumerate(source.text.splitlines(), start=1):
        text = line.strip()
        if text and not text.startswith("#") and number not in skipped:
            yield number, text


def _lines_of_imports_and_prose(tree: ast.Module) -> set[int]:
    skipped: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
                skipped.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return skipped
