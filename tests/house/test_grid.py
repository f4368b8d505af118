"""Every context has its file in every layer, so that a stranger finds a feature by guessing."""

import tomllib
from pathlib import Path

import pytest

from tests.house.shape import PURE
from tests.house.sources import ROOT

WRITTEN = [
    "commands/deciders/{}.py",
    "commands/rpc/{}.py",
    "tests/commands/**/test_{}.py",
]
FOLDED = [
    "events/{}.py",
    "projections/models/{}.py",
    "tests/projections/**/test_{}.py",
]
READ = [
    "queries/reads/{}.py",
    "queries/rpc/{}.py",
    "schemas/proto/{}.proto",
    "tests/queries/**/test_{}.py",
]
# Comments are facts about a post and share its events and model; feeds and live updates are only
# read.
CONTEXTS = {
    "accounts": [*WRITTEN, *FOLDED, *READ],
    "graph": [*WRITTEN, *FOLDED, *READ],
    "posts": [*WRITTEN, *FOLDED, *READ],
    "comments": [*WRITTEN, *READ],
    "feeds": READ,
    "live": READ,
}
CELLS = [(context, layer) for context, layers in CONTEXTS.items() for layer in layers]


@pytest.mark.parametrize(("context", "layer"), CELLS)
def test_the_context_has_its_file_in_the_layer(context: str, layer: str) -> None:
    assert list(ROOT.glob(layer.format(context))), f"missing: {layer.format(context)}"


@pytest.mark.parametrize("pure", PURE)
def test_the_pure_package_stands_under_the_import_contract(pure: str) -> None:
    config = tomllib.loads(Path(ROOT, "pyproject.toml").read_text(encoding="utf-8"))
    contracts = config["tool"]["importlinter"]["contracts"]
    sources = next(c["source_modules"] for c in contracts if "pure" in c["name"])
    exists = list(ROOT.glob(f"{pure.rstrip('/')}*"))
    assert not exists or pure.rstrip("/").replace("/", ".") in sources
