"""`agora log check`: verifies the log, record by record."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import aclosing
from typing import Annotated, Final

import typer
from msgspec import Struct
from msgspec.structs import asdict
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from cli.output import FAILED, Failure, Json, examples, result, table
from cli.reaching import Opened, opened_log, partition_named, reaching
from events.topics import TOPICS, Partition
from infra.config import Settings, load
from infra.log.check import Counts, Finding, PartitionCheck
from infra.log.scan import scan
from infra.log.topics import all_partitions, partition_count

FINDINGS_MAX: Final = 1000
"""Findings kept for each partition; the rest is only counted."""

_STEP: Final = 1000


class Checked(Struct):
    """One partition's counts and findings."""

    partition: str
    counts: Counts
    findings: list[Finding]
    found: int = 0


@examples("agora log check", "agora log check people-0", "agora log check --json")
def check(
    partition: Annotated[
        list[str] | None, typer.Argument(help="Partitions such as people-0; all if omitted.")
    ] = None,
    json: Json = False,
) -> None:
    """Read whole partitions and report faults with their offsets.

    Finds damaged and foreign records, unknown event types, gaps in versions, decisions that are
    forked, torn or in the wrong place, requests that took effect twice, missing offsets, and times
    that run backwards. Stale claims and zombie records are only counted: no reader uses them.

    Exit codes: 0 clean, 1 faults were found, 2 wrong usage or Kafka cannot be reached.
    """
    settings = load(os.environ)
    chosen = [partition_named(settings, text) for text in partition or ()]
    with reaching():
        checked = asyncio.run(_checked(settings, chosen or all_partitions(settings)))
    found = sum(each.found for each in checked)
    if not found:
        result(checked, _counted(checked) + "\n\nThe log is clean.", json)
        return
    if not json:
        result(checked, f"{_counted(checked)}\n\n{_listed(checked)}", json)
    advice = "agora log show PARTITION OFFSET"
    raise Failure(f"The log has {found} faults.", advice, FAILED, checked)


async def _checked(settings: Settings, partitions: Sequence[Partition]) -> list[Checked]:
    counts = {topic.name: partition_count(settings, topic) for topic in TOPICS}
    async with opened_log(settings) as opened:
        ends = {partition: await opened.log.end(partition) for partition in partitions}
        with _progress() as progress:
            task = progress.add_task("records", total=sum(ends.values()))
            return [
                await _one(opened, each, counts[each.topic], ends[each], progress, task)
                for each in partitions
            ]


async def _one(
    opened: Opened,
    partition: Partition,
    partitions: int,
    end: int,
    progress: Progress,
    task: TaskID,
) -> Checked:
    checking = PartitionCheck(partition, partitions)
    checked = Checked(str(partition), checking.counts, [])
    async with aclosing(scan(opened.log, partition, 0, end)) as items:
        async for item in items:
            for finding in checking.see(item):
                checked.found += 1
                if len(checked.findings) < FINDINGS_MAX:
                    checked.findings.append(finding)
            if checking.counts.records % _STEP == 0:
                progress.advance(task, _STEP)
    progress.advance(task, end % _STEP)
    return checked


class _Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        """The rate, once it is known."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


def _progress() -> Progress:
    """A bar on standard error, for people alone."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _counted(checked: Sequence[Checked]) -> str:
    headings = [name.replace("_", " ").upper() for name in asdict(Counts())]
    rows = [
        [each.partition, *(str(count) for count in asdict(each.counts).values()), str(each.found)]
        for each in checked
    ]
    return table(["PARTITION", *headings, "FAULTS"], rows)


def _listed(checked: Sequence[Checked]) -> str:
    return "\n".join(
        f"{finding.partition} at offset {finding.offset}: {finding.kind}: {finding.detail}"
        for each in checked
        for finding in each.findings
    )
