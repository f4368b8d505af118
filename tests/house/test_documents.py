"""What the documents point to exists, and the documents keep their size."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sources import ROOT, Source, texts

LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")
README_LINES_MAX = 120
TARGETS = [
    "up", "down", "reset", "status", "logs", "demo", "test", "check", "fmt", "proto", "bench",
    "simulate", "faults", "docs", "clean",
]  # fmt: skip


def dead_links(page: Source) -> Iterator[str]:
    """Relative links of a page to files or headings that are not there."""
    for path, heading in LINK.findall(page.text):
        target = (ROOT / page.path).parent / path if path else ROOT / page.path
        if not target.exists():
            yield f"{page.path}: no such file: {path}"
        elif heading and target.suffix == ".md" and heading not in headings(target):
            yield f"{page.path}: no such heading: {path}#{heading}"


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, made as code hosts make them."""
    lines = re.findall(r"^#+ +(.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).strip().replace(" ", "-") for line in lines}


def test_no_document_has_a_dead_link() -> None:
    pages = [source for source in texts() if source.path.endswith(".md")]
    assert not [link for page in pages for link in dead_links(page)]


def test_a_planted_dead_link_is_found() -> None:
    page = Source(path="README.md", text="[a](docs/nowhere.md) [b](README.md#nothing) [c](LICENSE)")
    assert len(list(dead_links(page))) == 2


def test_the_readme_stays_short() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert 0 < readme.count("\n") <= README_LINES_MAX


@pytest.mark.parametrize("target", TARGETS)
def test_make_knows_and_explains_the_target(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:.*## \S", makefile, re.MULTILINE)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_package_is_pinned_and_hashed(lock: str) -> None:
    pins = re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8").strip())
    assert not [pin for pin in pins if "==" not in pin or "--hash=sha256:" not in pin]


def test_the_lock_holds_every_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([\w-]+)==", lock, re.MULTILINE))
    declared = {re.split(r"[\[<>=]", line)[0] for line in project["dependencies"]}
    assert declared <= locked
