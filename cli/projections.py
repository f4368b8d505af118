"""`agora projections`: the read models, and how far behind the log they and the reactions are."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Annotated, Final

import typer
from psycopg import errors
from rich.live import Live
from rich.text import Text

from cli.output import FAILED, UNUSABLE, Failure, Json, examples, result, table
from cli.reaching import reaching
from infra.config import Settings, load
from infra.log.kafka import open_log
from infra.postgres.pool import Pool, open_pool
from projections.status import ModelStatus, PartitionStatus, model_statuses, partition_statuses

WATCH_S: Final = 1.0

app = typer.Typer(
    help="Look after the read models.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Watch = Annotated[bool, typer.Option("--watch", "-w", help="Show it again every second.")]


@app.callback()
def projections() -> None:
    """Look after the read models."""


@app.command("list")
@examples("agora projections list", "agora projections list --json")
def list_models(json: Json = False) -> None:
    """Show each read model, its builds, and the rows of their tables.

    Exit codes: 0 done, 2 PostgreSQL is away or has no tables yet.
    """
    models = asyncio.run(_models(load(os.environ)))
    result(models, _models_text(models), json)


@app.command()
@examples("agora projections status", "agora projections status --watch")
def status(watch: Watch = False, json: Json = False) -> None:
    """Show how far each read model and reaction is behind the log, and which stand still.

    Exit codes: 0 all run, 1 one stands still or has parked records, 2 a server is away.
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
    troubled = [each for each in found if each.halted or each.parked]
    if troubled:
        if not json:
            result(found, _statuses_text(found), json)
        raise Failure(_trouble(troubled), "agora log check", FAILED, found)
    result(found, _statuses_text(found), json)


async def _models(settings: Settings) -> list[ModelStatus]:
    async with _store(settings) as pool:
        return await model_statuses(pool)


async def _statuses(settings: Settings) -> list[PartitionStatus]:
    async with _store(settings) as pool, open_log(settings) as log:
        return await partition_statuses(pool, log)


async def _watched(settings: Settings) -> None:
    """On a terminal one table that changes, else one table after the other."""
    async with _store(settings) as pool, open_log(settings) as log:
        with Live(auto_refresh=False) if sys.stdout.isatty() else nullcontext() as live:
            while True:
                started = time.monotonic()
                shown = _statuses_text(await partition_statuses(pool, log))
                if live is None:
                    print(shown, end="\n\n", flush=True)
                else:
                    live.update(Text(shown), refresh=True)
                await asyncio.sleep(max(0.0, WATCH_S - (time.monotonic() - started)))


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[Pool]:
    """The database, read only; raises Failure while it is away or has no tables yet."""
    with reaching():
        async with open_pool(settings.postgres, role="cli", read_only=True) as pool:
            try:
                yield pool
            except errors.UndefinedTable as missing:
                problem = "The read models have no tables yet."
                raise Failure(problem, "agora serve projections", UNUSABLE) from missing


def _models_text(models: Sequence[ModelStatus]) -> str:
    rows = [
        [
            model.name,
            str(build.number),
            str(build.version),
            build.state,
            name,
            f"{'' if build.exact else '~'}{count:,}",
        ]
        for model in models
        for build in model.builds
        for name, count in build.rows.items()
    ]
    return table(["MODEL", "BUILD", "VERSION", "STATE", "TABLE", "ROWS"], rows)


def _statuses_text(statuses: Sequence[PartitionStatus]) -> str:
    rows = [
        [
            each.subscriber,
            each.partition,
            each.state,
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


def _trouble(troubled: Sequence[PartitionStatus]) -> str:
    return " ".join(
        f"{each.subscriber} in {each.partition}: {each.halted or f'{each.parked} parked records.'}"
        for each in troubled
    )
