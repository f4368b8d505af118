"""No module is left behind: each is imported, or named in a list, or is where something starts."""

import re
from collections.abc import Collection

import grimp

from tests.house.sources import python

SIDES = ("cli", "gateway", "commands", "projections", "queries", "infra", "events", "schemas")
STARTS = {
    "cli.main": "the console script",
    "cli.reference": "make docs",
    "gateway.describe": "the description that the page's types are made from",
    "schemas.generate": "make proto",
}


QUOTED = re.compile(r"""["']([a-z_]+(?:\.[a-z_]+)+)[:"']""")


def quoted_names() -> set[str]:
    """Dotted names in quotes, such as "cli.demo:demo": how the command line imports late."""
    code = [source for source in python() if not source.path.startswith("tests/")]
    return {name for source in code for name in QUOTED.findall(source.text)}


def orphans(graph: grimp.ImportGraph, named: Collection[str]) -> list[str]:
    """Modules that nothing imports, names or starts; packages count by what is in them."""
    return sorted(
        module
        for module in graph.modules
        if module not in STARTS
        and module not in named
        and not module.startswith("schemas.gen.")
        and not graph.find_children(module)
        and not graph.find_modules_that_directly_import(module)
    )


def test_no_module_is_left_behind() -> None:
    assert orphans(grimp.build_graph(*SIDES, cache_dir=None), quoted_names()) == []


def test_an_orphan_is_found() -> None:
    graph = grimp.ImportGraph()
    graph.add_module("infra")
    graph.add_import(importer="cli.main", imported="infra.used")
    graph.add_module("infra.left_behind")
    graph.add_module("cli.late")
    assert orphans(graph, {"cli.late"}) == ["infra.left_behind"]
