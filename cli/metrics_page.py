"""The reference page of all metrics, generated from their declarations."""

from collections.abc import Iterator
from types import ModuleType
from typing import Final

from msgspec import Struct
from prometheus_client.metrics import MetricWrapperBase

from commands import meters as partition_meters
from gateway import edge
from gateway.live import courier, hub, updates
from infra.log import meters as append_meters
from infra.nats import publisher
from infra.telemetry import metrics
from infra.worker import meters
from projections import fan_out_meters
from queries.feeds import meters as home_meters

INTRODUCTION: Final = """\
# Metrics

A process serves its metrics in Prometheus' text format once it has a port for them: see the
[settings](settings.md#telemetry) that end in `_metrics_port`. Every process also serves the usual
`process_*` and `python_*` metrics. Histograms are in seconds.
"""


class Group(Struct, frozen=True):
    """Metrics that the same processes serve, and the modules that declare them."""

    title: str
    remark: str
    modules: tuple[ModuleType, ...]


GROUPS: Final = (
    Group("Calls", "Every process that answers calls.", (metrics,)),
    Group("HTTP", "The gateway.", (edge,)),
    Group("Live updates", "The gateway.", (hub, courier, updates)),
    Group("Partitions", "The command side.", (partition_meters, append_meters)),
    Group("Home feeds", "The query side.", (home_meters,)),
    Group("Lanes", "The workers, by subscriber and (mostly) partition.", (meters,)),
    Group("Live news and home timelines", "The workers.", (publisher, fan_out_meters)),
)


def metrics_page() -> str:
    """The page as Markdown: a section for each group, a line for each metric."""
    return "\n".join([INTRODUCTION, *(_section(group) for group in GROUPS)])


def _section(group: Group) -> str:
    # A module may name a metric and, for speed, each of its labels' children.
    lines = dict.fromkeys(line for module in group.modules for line in _lines(module))
    head = [
        f"## {group.title}",
        "",
        group.remark,
        "",
        "| Metric | Kind | Meaning |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *lines, ""])


def _lines(module: ModuleType) -> Iterator[str]:
    for value in vars(module).values():
        if isinstance(value, MetricWrapperBase):
            for family in value.describe():
                name = f"{family.name}_total" if family.type == "counter" else family.name
                if name.startswith("agora_"):
                    yield f"| `{name}` | {family.type} | {family.documentation} |"
