"""Writes the generated reference: pages of `docs/reference`, and the schema of every event.

`--check` tells whether the files are up to date. To add a page, add one line to `PAGES`.
"""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from cli.event_schemas import event_schema
from cli.metrics_page import metrics_page
from cli.reasons_page import reasons_page
from events.catalog import TYPES
from infra.config_reference import settings_page

FOLDER: Final = Path(__file__).resolve().parents[1]

PAGES: Final[dict[str, Callable[[], str]]] = {
    "docs/reference/settings.md": settings_page,
    "docs/reference/reasons.md": reasons_page,
    "docs/reference/metrics.md": metrics_page,
    **{f"schemas/events/{name}.json": partial(event_schema, name) for name in TYPES},
}


def outdated() -> list[str]:
    """The pages whose files differ from what they would be written as now."""
    return [name for name, page in PAGES.items() if _written(name) != page()]


def main(arguments: Sequence[str]) -> int:
    """Write what is outdated, or with `--check` only name it and return 1."""
    names = outdated()
    if list(arguments) == ["--check"]:
        for name in names:
            print(f"{FOLDER / name} is outdated: run make docs", file=sys.stderr)
        return 1 if names else 0
    for name in names:
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(PAGES[name](), encoding="utf-8")
        print(f"wrote {FOLDER / name}")
    return 0


def _written(name: str) -> str:
    file = FOLDER / name
    return file.read_text(encoding="utf-8") if file.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
