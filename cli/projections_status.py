"""`agora projections status`: how far each lane is behind the log, and what is paused."""

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from itertools import groupby
from typing import Annotated, Final

import typer
from rich.live import Live
from rich.text import Text

from cli.output import FAILED, UNUSABLE, Failure, Json, examples, result, table
from cli.reaching import opened_store, patient_log
from infra.config import Settings, load
from infra.log.port import Log
from infra.postgres.pool import Pool
from infra.worker.builds import State
from infra.worker.pauses import Pause
from projections.lane_status import LaneStatus, lane_statuses
from projections.status import ModelStatus, model_statuses

WATCH_S: Final = 1.0

Watch = Annotated[bool, typer.Option("--watch", "-w", help="Refresh every second.")]
Partitions = Annotated[
    bool, typer.Option("--partitions", "-p", help="Show one line per partition.")
]


@examples(
    "agora projections status",
    "agora projections status --partitions",
    "agora projections status --watch",
)
def status(watch: Watch = False, partitions: Partitions = False, json: Json = False) -> None:
    """Show how far each read model and reaction is behind the log.

    It also says which are paused or halted, and why.

    Exit codes: 0 all are well, 1 one is paused, halted, beyond the end of the log or has parked
    records, 2 a server cannot be reached.
    """
    if watch and json:
        raise Failure(
            "One envelope cannot be shown again.", "without --watch, or without --json", UNUSABLE
        )
    settings = load(os.environ)
    if watch:
        asyncio.run(_watched(settings, partitions))
        return
    found, text = asyncio.run(_looked(settings, partitions))
    if troubles := list(_troubles(found)):
        if not json:
            result(found, text, json)
        message = "\n".join(dict.fromkeys(what for what, _ in troubles))
        advice = "; ".join(dict.fromkeys(advice for _, advice in troubles))
        raise Failure(message, advice, FAILED, found)
    result(found, text, json)


def paused_by(name: str, pause: Pause) -> str:
    """Who paused a subscriber, since when and why, as one sentence."""
    why = f": {pause.reason}" if pause.reason else ""
    return f"{name} is paused by {pause.paused_by} since {pause.at:%Y-%m-%d %H:%M:%S} UTC{why}."


async def _looked(settings: Settings, partitions: bool) -> tuple[list[LaneStatus], str]:
    async with opened_store(settings) as pool, patient_log(settings) as log:
        return await _look(pool, log, partitions)


async def _watched(settings: Settings, partitions: bool) -> None:
    """On a terminal one table that changes, else one table after the other."""
    async with opened_store(settings) as pool, patient_log(settings) as log:
        with Live(auto_refresh=False) if sys.stdout.isatty() else nullcontext() as live:
            while True:
                started = time.monotonic()
                found, text = await _look(pool, log, partitions)
                troubles = dict.fromkeys(what for what, _ in _troubles(found))
                shown = "\n".join([text, *troubles])
                if live is None:
                    print(shown, end="\n\n", flush=True)
                else:
                    live.update(Text(shown), refresh=True)
                await asyncio.sleep(max(0.0, WATCH_S - (time.monotonic() - started)))


async def _look(pool: Pool, log: Log, partitions: bool) -> tuple[list[LaneStatus], str]:
    found = await lane_statuses(pool, log)
    if partitions:
        return found, _by_partition(found)
    return found, _by_name(found, _rows(await model_statuses(pool)))


def _rows(models: Sequence[ModelStatus]) -> dict[str, str]:
    """How many rows the live build of each model has, `~` in front of an estimate."""
    return {
        model.name: f"{'' if build.exact else '~'}{sum(build.rows.values()):,}"
        for model in models
        for build in model.builds
        if build.state == State.LIVE
    }


def _by_name(statuses: Sequence[LaneStatus], rows: Mapping[str, str]) -> str:
    lines = []
    for name, group in groupby(statuses, key=lambda one: one.subscriber):
        lanes = list(group)
        lines.append(
            [
                name,
                _states(lanes),
                f"{sum(one.lag_events for one in lanes):,}",
                f"{max(one.lag_seconds for one in lanes):.1f}",
                rows.get(name, "-"),
                f"{sum(one.parked for one in lanes):,}",
            ]
        )
    return table(["NAME", "STATE", "LAG", "SECONDS", "ROWS", "PARKED"], lines)


def _states(lanes: Sequence[LaneStatus]) -> str:
    """The state of all partitions, or how many are in which."""
    counts = Counter(one.state.value for one in lanes)
    if len(counts) == 1:
        return lanes[0].state.value
    return ", ".join(f"{count} {state}" for state, count in counts.most_common())


def _by_partition(statuses: Sequence[LaneStatus]) -> str:
    lines = [
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
    return table(headings, lines)


def _troubles(statuses: Sequence[LaneStatus]) -> Iterator[tuple[str, str]]:
    """What does not run, and what to do about it."""
    for each in statuses:
        where = f"{each.subscriber} in {each.partition}"
        if each.paused is not None:
            resume = f"agora projections resume {each.subscriber}"
            yield paused_by(each.subscriber, each.paused), resume
        elif each.halted:
            yield f"{where} is halted: {each.halted}", "docs/operations.md, which says what helps"
        elif each.offset >= each.end:
            # Whether or not a worker is there to halt at it.
            beyond = f"{where} is at offset {each.offset}, but the log ends at {each.end}."
            yield beyond, "agora projections verify, if this is the right cluster"
        if each.parked:
            yield f"{where} has {each.parked:,} parked records.", "agora parked list"
