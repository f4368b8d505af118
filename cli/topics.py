"""`agora topics`: the topics of the log."""

import asyncio
import os
from collections.abc import Sequence

from cli.group import group
from cli.output import DryRun, Json, examples, result, table
from cli.reaching import reaching
from infra.config import load
from infra.log.topics import TopicReport
from infra.log.topics import ensure as ensure_topics


@examples("agora topics ensure", "agora topics ensure --dry-run")
def ensure(dry_run: DryRun = False, json: Json = False) -> None:
    """Create missing topics, and fix settings that would lose facts.

    Running it again changes nothing.

    Exit codes: 0 done, 2 Kafka cannot be reached, or a topic has a different number of partitions
    than the settings say, which cannot be changed.
    """
    reports = _reports(dry_run=dry_run)
    verbs = ("would be made", "would mend") if dry_run else ("made", "mended")
    result(reports, _shown(reports, *verbs), json)


@examples("agora topics list", "agora topics list --json")
def list_topics(json: Json = False) -> None:
    """Show each topic, and what `agora topics ensure` would do to it."""
    reports = _reports(dry_run=True)
    result(reports, _shown(reports, "missing", "deviates in"), json)


def _reports(*, dry_run: bool) -> list[TopicReport]:
    settings = load(os.environ)
    with reaching():
        return asyncio.run(ensure_topics(settings, dry_run=dry_run))


def _shown(reports: Sequence[TopicReport], created: str, mended: str) -> str:
    rows = []
    for report in reports:
        state = created if report.created else "in order"
        if report.mended:
            state = f"{mended} {', '.join(report.mended)}"
        rows.append([report.topic, str(report.partitions), state])
    return table(["TOPIC", "PARTITIONS", "STATE"], rows)


app = group("Create and list the topics of the log.", {"list": list_topics, "ensure": ensure})
