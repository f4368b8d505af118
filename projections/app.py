"""The worker process: read models and reactions on one Faust app, until it is told to stop."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Final

import uvloop
from msgspec import Struct
from msgspec.structs import replace

from infra.collector import calm_collector
from infra.config import Settings
from infra.config_servers import PostgresSettings
from infra.crypto import key_vault
from infra.crypto.keyring import open_keyring
from infra.crypto.keys import load_key
from infra.log import topics
from infra.log.kafka import open_log
from infra.log.port import Log
from infra.nats.publisher import open_publisher
from infra.postgres.pool import Pool, open_pool
from infra.postgres.schema import ensure
from infra.redis.markers import open_markers
from infra.stopping import Stop
from infra.telemetry.metrics import exported_metrics
from infra.worker.faust_app import faust_app
from infra.worker.group_commit import GroupCommit
from infra.worker.host import Host
from infra.worker.overseer import Overseer
from infra.worker.places import CONNECTIONS_EACH, Places
from infra.worker.reactions import Reacting, ReactionSubscriber
from infra.worker.subscriber import Subscriber
from infra.worker.watchdog import watch
from projections.builds import ensure_models
from projections.bulletin import Bulletin
from projections.commits import Commits
from projections.fan_out import FanOut
from projections.followers import StoredFollowers
from projections.lane_places import stored_places
from projections.model import Model
from projections.models import MODELS
from projections.subscriber import Keys, ModelSubscriber, Telling

_STATEMENT_MS: Final = 600_000
"""Accepting a million requests is one statement; cut short, it would be tried for ever."""
TIMELINES_SETTLE_S: Final = 1.0
"""What is committed when a worker ends has so long to get into timelines, or voids all of them."""
_POOL_WAIT_MS: Final = 10_000
"""Lanes take turns; nobody waits for an answer meanwhile."""
_SPARE_CONNECTIONS: Final = 4
"""For what lanes commit together, for keys, for what operators want, and for followers."""

_log = logging.getLogger(__name__)

Submit = Callable[[Any], Awaitable[object]]


class Reactions(Struct, frozen=True):
    """The reactions to run beside the models, and the way to those who answer them."""

    reacting: tuple[Reacting[Any], ...]
    submitting: Callable[[], AbstractAsyncContextManager[Submit]]


def run(
    settings: Settings, reactions: Reactions | None = None, models: Sequence[Model] = MODELS
) -> None:
    """Run a worker until SIGTERM or Ctrl-C.

    Raises what ended it otherwise: Unavailable or LogUnavailable at the start, SettingError, a
    bug. Starting again is always safe.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_told(settings, reactions, models))


async def _until_told(
    settings: Settings, reactions: Reactions | None, models: Sequence[Model]
) -> None:
    stop = Stop()
    port = settings.telemetry.projections_metrics_port
    with exported_metrics("127.0.0.1", port):
        async with AsyncExitStack() as opened:
            with stop.while_starting():
                running = worker(settings, reactions, models)
                failure = await opened.enter_async_context(running)
            if stop.told.is_set():
                return
            calm_collector()
            stopping = asyncio.create_task(stop.told.wait())
            await asyncio.wait([stopping, failure], return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if failure.done():
                await failure


@asynccontextmanager
async def worker(
    settings: Settings, reactions: Reactions | None = None, models: Sequence[Model] = MODELS
) -> AsyncIterator["asyncio.Task[None]"]:
    """A running worker; yields a task that raises what ends it early."""
    await topics.ensure(settings)
    async with AsyncExitStack() as opened:
        log = await opened.enter_async_context(open_log(settings))
        reacting = () if reactions is None else reactions.reacting
        patient = _patient(settings.postgres, len(models) + len(reacting))
        pool = await opened.enter_async_context(open_pool(patient, role="projections", by_key=True))
        publisher = await opened.enter_async_context(open_publisher(settings.nats))
        await ensure(pool, settings, key_vault.TABLES)
        await ensure_models(pool, settings, models)
        crypto = settings.crypto
        master = load_key("crypto.master_key_file", crypto.master_key_file)
        keys = await open_keyring(pool, master)
        telling = Bulletin(publisher)
        commits = await opened.enter_async_context(_fanning_out(settings, pool))
        together = GroupCommit(pool)
        subscribers: list[Subscriber] = [
            *model_subscribers(models, pool, log, keys, telling, commits, together)
        ]
        if reactions is not None:
            submit = await opened.enter_async_context(reactions.submitting())
            subscribers += reaction_subscribers(pool, log, reacting, submit, together)
        host = Host(subscribers, log)
        overseer = Overseer(host, pool)
        yield await opened.enter_async_context(_hosted(settings, host, log, overseer))


def model_subscribers(
    models: Sequence[Model],
    pool: Pool,
    log: Log,
    keys: Keys,
    telling: Telling,
    commits: Commits | None = None,
    together: GroupCommit | None = None,
) -> list[ModelSubscriber]:
    """The models, each under its name in `checkpoints`.

    `commits` hears of those that touch home timelines. `together` commits what is small.
    """
    return [
        ModelSubscriber(
            model,
            Places(model.name, pool, log, together=together),
            keys,
            telling,
            commits if model.touches is not None else None,
        )
        for model in models
    ]


def reaction_subscribers(
    pool: Pool,
    log: Log,
    reacting: Sequence[Reacting[Any]],
    submit: Submit,
    together: GroupCommit | None = None,
) -> list[ReactionSubscriber[Any]]:
    """The reactions, each under its name in `checkpoints`."""
    return [
        ReactionSubscriber(
            one, Places(f"reaction:{one.name}", pool, log, together=together), submit
        )
        for one in reacting
    ]


def _patient(settings: PostgresSettings, subscribers: int) -> PostgresSettings:
    """For a worker: nobody waits for it, and no subscriber takes the connections of others."""
    connections = CONNECTIONS_EACH * subscribers + _SPARE_CONNECTIONS
    return replace(
        settings,
        statement_timeout_ms=_STATEMENT_MS,
        pool_wait_ms=_POOL_WAIT_MS,
        pool_connections_max=max(settings.pool_connections_max, connections),
    )


@asynccontextmanager
async def _hosted(
    settings: Settings, host: Host, log: Log, overseer: Overseer
) -> AsyncIterator["asyncio.Task[None]"]:
    await overseer.obey()
    app = faust_app(settings, host)
    try:
        await app.start()
    except BaseException:
        # Lanes may run already, on connections that are about to be closed.
        await host.stop()
        await app.stop()
        raise
    _log.info("projecting %s", ", ".join(sorted(host.topics)))
    ends = [
        asyncio.create_task(watch(host, log), name="watchdog"),
        asyncio.create_task(overseer.run(), name="overseer"),
        asyncio.create_task(_crashed(app), name="crash"),
    ]
    first = asyncio.create_task(_first(ends), name="worker")
    try:
        yield first
    finally:
        for task in (first, *ends):
            task.cancel()
        await asyncio.wait([first, *ends])
        await host.stop()
        await overseer.withdraw()
        await app.stop()


async def _first(ends: Sequence["asyncio.Task[None]"]) -> None:
    done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        await task


async def _crashed(app: Any) -> None:
    """Returns never; raises why Faust ended."""
    await app.wait_until_stopped()
    raise app.crash_reason or RuntimeError("Faust stopped by itself.")


@asynccontextmanager
async def _fanning_out(settings: Settings, pool: Pool) -> AsyncIterator[Commits | None]:
    """What keeps home timelines, at work until the block ends; None where that is switched off."""
    feeds = settings.feeds
    if not feeds.cached:
        yield None
        return
    async with open_markers(settings) as markers:
        fan_out = FanOut(
            markers,
            StoredFollowers(pool, feeds.pushed_followers_max),
            stored_places(pool),
            waiting_max=feeds.push_waiting_max,
            check_s=feeds.marker_check_ms / 1000,
        )
        task = asyncio.create_task(fan_out.run(), name="timelines")
        try:
            yield fan_out
        finally:
            await fan_out.settle(TIMELINES_SETTLE_S)
            task.cancel()
            await asyncio.wait([task])
