"""The page of metrics holds all of them."""

from cli.metrics_page import GROUPS, metrics_page
from infra.telemetry.metrics import REGISTRY
from tests.house.sources import python

DECLARES = "registry=REGISTRY"


def test_every_module_that_declares_metrics_is_in_a_group() -> None:
    declaring = {
        source.path.removesuffix(".py").replace("/", ".")
        for source in python()
        if DECLARES in source.text and not source.path.startswith("tests/")
    }
    assert declaring == {module.__name__ for group in GROUPS for module in group.modules}


def test_every_metric_of_ours_has_its_line() -> None:
    page = metrics_page()
    named = [metric.name for metric in REGISTRY.collect() if metric.name.startswith("agora_")]
    assert named
    lines = page.splitlines()
    counts = {name: sum(line.startswith(f"| `{name}") for line in lines) for name in named}
    assert counts == dict.fromkeys(named, 1)


def test_counters_are_named_as_they_are_scraped() -> None:
    assert "| `agora_rpc_refusals_total` | counter |" in metrics_page()
