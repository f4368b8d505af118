"""`agora projections status`: how far behind the log each lane is, and which of them rest."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Annotated, Final

import typer
from rich.live import Live
from rich.text import Text

from cli.output import FAILED, UNUSABLE, Failure, Json, examples, result, table
from cli.reaching import opened_store
from infra.config import Settings, load
from infra.log.kafka import open_log
from infra.worker.pauses import Pause
from projections.lane_status import LaneStatus, lane_statuses

WATCH_S: Final = 1.0

Watch = Annotated[bool, typer.Option("--watch", "-w", help="Show it again every second.")]


@examples("agora projections status", "agora projections status --watch")
def status(watch: Watch = False, json: Json = False) -> None:
    """Show how far each read model and reaction is behind the log, and which of them rest.

    Exit codes: 0 all run, 1 one is paused, stands still or has parked records, 2 a server is away.
    """
    if watch and json:
        raise Failure(
            "One envelope cannot be shown again.", "without --watch, or without --json", UNUSABLE
        )
    settings = load(os.environ)
    if watch:
        asyncio.run(_watched(settings))
        return
    found = asyncio.run(_statuses(settings))
    troubles = list(_troubles(found))
    if troubles and not json:
        result(found, _text(found), json)
    if troubles:
        message = "\n".join(dict.fromkeys(what for what, _ in troubles))
        advice = "; ".join(dict.fromkeys(advice for _, advice in troubles))
        raise Failure(message, advice, FAILED, found)
    result(found, _text(found), json)


def paused_by(name: str, pause: Pause) -> str:
    """Who paused a subscriber, since when and why, as one sentence."""
    why = f": {pause.reason}" if pause.reason else ""
    return f"{name} is paused by {pause.paused_by} since {pause.at:%Y-%m-%d %H:%M:%S} UTC{why}."


async def _statuses(settings: Settings) -> list[LaneStatus]:
    async with opened_store(settings) as pool, open_log(settings) as log:
        return await lane_statuses(pool, log)


async def _watched(settings: Settings) -> None:
    """On a terminal one table that changes, else one table after the other."""
    async with opened_store(settings) as pool, open_log(settings) as log:
        with Live(auto_refresh=False) if sys.stdout.isatty() else nullcontext() as live:
            while True:
                started = time.monotonic()
                found = await lane_statuses(pool, log)
                shown = "\n".join(
                    [_text(found), *dict.fromkeys(what for what, _ in _troubles(found))]
                )
                if live is None:
                    print(shown, end="\n\n", flush=True)
                else:
                    live.update(Text(shown), refresh=True)
                await asyncio.sleep(max(0.0, WATCH_S - (time.monotonic() - started)))


def _text(statuses: Sequence[LaneStatus]) -> str:
    rows = [
        [
            each.subscriber,
            each.partition,
            each.state.value,
            f"{each.offset:,}",
            f"{each.end:,}",
            f"{each.lag_events:,}",
            f"{each.lag_seconds:.1f}",
            f"{each.parked:,}",
        ]
        for each in statuses
    ]
    headings = ["NAME", "PARTITION", "STATE", "OFFSET", "END", "LAG", "SECONDS", "PARKED"]
    return table(headings, rows)


def _troubles(statuses: Sequence[LaneStatus]) -> Iterator[tuple[str, str]]:
    """What does not run, and what to do about it."""
    for each in statuses:
        where = f"{each.subscriber} in {each.partition}"
        if each.paused is not None:
            yield paused_by(each.subscriber, each.paused), "agora projections resume NAME"
        elif each.halted:
            yield f"{where} is halted: {each.halted}", "what docs/operations.md says of it"
        if each.parked:
            yield f"{where} has {each.parked:,} parked records.", "agora parked list"
