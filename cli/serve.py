"""`agora serve`: runs sides of Agora in one process, until it is told to stop.

This is where the sides meet: each is opened from the settings, put behind its server, and closed
in the opposite order, so that nobody is asked any more by the time it lets go.
"""

import asyncio
import logging
import os
import resource
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from enum import StrEnum
from typing import Annotated, Final

import typer

from cli.other_tables import other_tables
from cli.output import UNUSABLE, Failure, examples
from infra.collector import calm_collector
from infra.config import Settings, load
from infra.config_services import CommandsSettings, QueriesSettings
from infra.crypto.keys import load_key
from infra.http_server import serving_http
from infra.log.port import LogUnavailable
from infra.postgres.other_tables import OtherTables
from infra.rpc.backend import Backend
from infra.rpc.client import Channel, Remote
from infra.rpc.dispatch import Dispatcher
from infra.rpc.internal import InternalTokens
from infra.rpc.server import start_server
from infra.stopping import Stop
from infra.telemetry.logs import configure_logging
from infra.telemetry.metrics import exported_metrics
from infra.telemetry.tracing import opened_tracing
from schemas.gen import accounts_pb2, comments_pb2, feeds_pb2, graph_pb2, live_pb2, posts_pb2
from schemas.refusals import Unavailable

DRAIN_S: Final = 8.0
"""What is in flight may take this long to end; supervisors wait ten seconds before they kill."""

ACCOUNTS: Final = accounts_pb2.DESCRIPTOR.services_by_name
GRAPH: Final = graph_pb2.DESCRIPTOR.services_by_name
POSTS: Final = posts_pb2.DESCRIPTOR.services_by_name
COMMENTS: Final = comments_pb2.DESCRIPTOR.services_by_name
FEEDS: Final = feeds_pb2.DESCRIPTOR.services_by_name
LIVE: Final = live_pb2.DESCRIPTOR.services_by_name
COMMAND_SERVICES: Final = (
    ACCOUNTS["AccountCommands"],
    GRAPH["GraphCommands"],
    POSTS["PostCommands"],
    COMMENTS["CommentCommands"],
)
QUERY_SERVICES: Final = (
    ACCOUNTS["AccountQueries"],
    GRAPH["GraphQueries"],
    POSTS["PostQueries"],
    COMMENTS["CommentQueries"],
    FEEDS["FeedQueries"],
    LIVE["LiveQueries"],
)

log = logging.getLogger(__name__)


class Side(StrEnum):
    """What a process can be."""

    COMMANDS = "commands"
    QUERIES = "queries"
    GATEWAY = "gateway"
    PROJECTIONS = "projections"


@examples(
    "agora serve commands",
    "agora serve gateway queries    both in one process, without a hop between them",
)
def serve(
    sides: Annotated[list[Side], typer.Argument(help="One or more; projections must run alone.")],
) -> None:
    """Run sides of Agora in this process until SIGTERM or Ctrl-C.

    It then shuts down gracefully.

    Exit codes: 0 stopped as told, 1 it failed or a server it needs cannot be reached, 2 a setting
    or port cannot be used.
    """
    chosen = list(dict.fromkeys(sides))
    settings = load(os.environ)
    configure_logging(settings.telemetry, "+".join(side.value for side in chosen))
    try:
        if Side.PROJECTIONS in chosen:
            _serve_projections(settings, chosen)
        else:
            _serve_services(settings, chosen)
    except (OSError, Unavailable, LogUnavailable, OtherTables, ExceptionGroup) as raised:
        match _alone(raised):
            case OSError() as problem:
                raise Failure(str(problem), "agora config show", UNUSABLE) from raised
            case Unavailable() | LogUnavailable() as problem:
                message = f"Something it needs is away: {problem}"
                raise Failure(message, "agora status") from raised
            case OtherTables() as problem:
                raise other_tables(problem) from raised
            case _:
                raise


def _alone(problem: Exception) -> Exception:
    """What a group holds if that is one thing: task groups wrap whatever ends their block."""
    while isinstance(problem, ExceptionGroup) and len(problem.exceptions) == 1:
        problem = problem.exceptions[0]
    return problem


def _serve_projections(settings: Settings, sides: Sequence[Side]) -> None:
    if len(sides) > 1:
        message = "The workers of the projections need a process of their own."
        raise Failure(message, "agora serve projections", UNUSABLE)
    from cli.reactions import composed_reactions
    from projections.app import run

    run(settings, composed_reactions(settings))


def _serve_services(settings: Settings, sides: Sequence[Side]) -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, sides))


async def _serve(settings: Settings, sides: Sequence[Side]) -> None:
    stop = Stop()
    async with AsyncExitStack() as opened:
        with stop.while_starting():
            await _open(opened, settings, sides)
        if not stop.told.is_set():
            calm_collector()
            await stop.told.wait()
        log.info("stopping")


async def _open(opened: AsyncExitStack, settings: Settings, sides: Sequence[Side]) -> None:
    for host, port in _metrics_endpoints(settings, sides):
        opened.enter_context(exported_metrics(host, port))
    name = "+".join(side.value for side in sides)
    opened.enter_context(opened_tracing(f"agora-{name}", settings.telemetry.otlp_endpoint))
    crypto = settings.crypto
    internal = InternalTokens(load_key("crypto.digest_key_file", crypto.digest_key_file))
    local: dict[Side, Dispatcher] = {}
    if Side.COMMANDS in sides:
        from commands.app import open_commands

        opening = open_commands(settings)
        local[Side.COMMANDS] = await _listening(opened, opening, settings.commands, internal)
    if Side.QUERIES in sides:
        from queries.app import open_queries

        opening = open_queries(settings)
        local[Side.QUERIES] = await _listening(opened, opening, settings.queries, internal)
    if Side.GATEWAY in sides:
        await _gateway(opened, settings, _backends(opened, settings, internal, local))


def _metrics_endpoints(settings: Settings, sides: Sequence[Side]) -> list[tuple[str, int]]:
    telemetry = settings.telemetry
    known = {
        Side.COMMANDS: (settings.commands.host, telemetry.commands_metrics_port),
        Side.QUERIES: (settings.queries.host, telemetry.queries_metrics_port),
        Side.GATEWAY: (settings.gateway.host, telemetry.gateway_metrics_port),
    }
    return [known[side] for side in sides]


async def _listening(
    opened: AsyncExitStack,
    opening: AbstractAsyncContextManager[Dispatcher],
    at: CommandsSettings | QueriesSettings,
    internal: InternalTokens,
) -> Dispatcher:
    dispatcher = await opened.enter_async_context(opening)
    server = await start_server(dispatcher, at.host, at.port, internal=internal)
    opened.push_async_callback(server.stop, DRAIN_S)
    log.info("serving gRPC at %s:%d", at.host, server.port)
    return dispatcher


async def _gateway(
    opened: AsyncExitStack, settings: Settings, backends: Mapping[str, Backend]
) -> None:
    from gateway.app import build
    from gateway.live.updates import LiveUpdates

    _allow_open_files()
    host, port = settings.gateway.host, settings.gateway.port
    live = LiveUpdates(settings, backends[Side.QUERIES.value])
    app = build(settings, backends, live)
    serving = serving_http(app, host, port, drain_s=DRAIN_S, ending=live.end)
    bound = await opened.enter_async_context(serving)
    log.info("serving HTTP at %s:%d", host, bound)


def _allow_open_files() -> None:
    """As many as the system lets us have: every open page is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _backends(
    opened: AsyncExitStack,
    settings: Settings,
    internal: InternalTokens,
    local: Mapping[Side, Dispatcher],
) -> dict[str, Backend]:
    endpoints = {
        Side.COMMANDS: (settings.gateway.commands_endpoint, COMMAND_SERVICES),
        Side.QUERIES: (settings.gateway.queries_endpoint, QUERY_SERVICES),
    }
    backends: dict[str, Backend] = {}
    for side, (endpoint, services) in endpoints.items():
        if side in local:
            backends[side.value] = local[side]
            continue
        channel = Channel(endpoint, internal)
        opened.push_async_callback(channel.close)
        backends[side.value] = Remote(channel, services)
    return backends
