"""The command side, assembled: the writers of the log, the vaults, the services."""

import random
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from commands.log_ends import LogEnds
from commands.ownership import Ownership, owning
from commands.policies import QuerySide
from commands.post_policies import PostQuerySide
from commands.routes import ROUTES
from commands.rpc.accounts import Accounts
from commands.rpc.authoring import Authoring
from commands.rpc.comments import Comments
from commands.rpc.graph import Graph
from commands.rpc.partitions import Partitions
from commands.rpc.posts import Posts
from commands.rpc.receipts import Receipts
from commands.wire import SubmissionDecoder
from commands.writer.ruling import Limits
from commands.writer.saving import Pace
from commands.writer.tools import Identity, Tools
from infra.auth import credentials
from infra.auth.credentials import Credentials
from infra.auth.passwords import CHEAP, STANDARD
from infra.auth.sessions import ClosedSessions
from infra.auth.tokens import open_tokens
from infra.checkpoints.postgres import open_checkpoints
from infra.config import Settings
from infra.config_services import CommandsSettings
from infra.crypto import key_vault
from infra.crypto.digests import Digests
from infra.crypto.keyring import open_keyring
from infra.crypto.keys import load_key
from infra.crypto.sealed import Seals
from infra.crypto.uuid4 import drawing
from infra.log import topics
from infra.log.kafka import open_log
from infra.positions import Positions
from infra.postgres.pool import Pool, open_pool
from infra.postgres.schema import ensure
from infra.rpc.client import Channel
from infra.rpc.dispatch import Dispatcher, Service
from infra.rpc.internal import InternalTokens
from schemas.gen import accounts_pb2, comments_pb2, graph_pb2, internal_pb2, posts_pb2

_ACCOUNTS: Final = accounts_pb2.DESCRIPTOR.services_by_name["AccountCommands"]
_GRAPH: Final = graph_pb2.DESCRIPTOR.services_by_name["GraphCommands"]
_POSTS: Final = posts_pb2.DESCRIPTOR.services_by_name["PostCommands"]
_COMMENTS: Final = comments_pb2.DESCRIPTOR.services_by_name["CommentCommands"]
COSTS: Final = {"standard": STANDARD, "cheap": CHEAP}
_PARTITIONS: Final = internal_pb2.DESCRIPTOR.services_by_name["Partitions"]


@asynccontextmanager
async def open_commands(settings: Settings) -> AsyncIterator[Dispatcher]:
    """The dispatcher of the command side, which owns partitions while the block runs.

    Raises SettingError for a key file that cannot be used, Unavailable and LogUnavailable while
    what it needs to start is away.
    """
    await topics.ensure(settings)
    async with AsyncExitStack() as opened:
        digest_key = load_key("crypto.digest_key_file", settings.crypto.digest_key_file)
        digests = Digests(digest_key)
        internal = InternalTokens(digest_key)
        pool = await opened.enter_async_context(
            open_pool(settings.postgres, role="commands", by_key=True)
        )
        await ensure(pool, settings, (*credentials.TABLES, *key_vault.TABLES))
        master_key = load_key("crypto.master_key_file", settings.crypto.master_key_file)
        keyring = await open_keyring(pool, master_key)
        tools = Tools(
            identity=_identity(settings.commands),
            log=await opened.enter_async_context(open_log(settings)),
            checkpoints=await opened.enter_async_context(open_checkpoints(settings)),
            cipher=keyring,
            digest=digests.body,
            clock=_now,
            draw=drawing(),
            dice=random.Random(),
            limits=_limits(settings.commands),
            pace=_pace(settings.commands),
            batch_bytes=settings.commands.batch_bytes_max,
        )
        owned = await opened.enter_async_context(
            owning(settings, tools, keyring, lambda endpoint: Channel(endpoint, internal))
        )
        yield _dispatcher(opened, settings, owned, tools, pool, digests, internal)


def _dispatcher(
    opened: AsyncExitStack,
    settings: Settings,
    owned: Ownership,
    tools: Tools,
    pool: Pool,
    digests: Digests,
    internal: InternalTokens,
) -> Dispatcher:
    positions = Positions(Seals(load_key("crypto.id_key_file", settings.crypto.id_key_file)))
    tokens = open_tokens(settings)
    query_side = Channel(settings.gateway.queries_endpoint, internal)
    opened.push_async_callback(query_side.close)
    policies = QuerySide(query_side, positions)
    passwords = Credentials(pool, COSTS[settings.auth.hash_effort])
    opened.callback(passwords.close)
    accounts = Accounts(
        submitter=owned.router,
        digests=digests,
        credentials=passwords,
        tokens=tokens,
        policies=policies,
        positions=positions,
        clock=_now,
    )
    ends = LogEnds(tools.log, owned.router.place)
    graph = Graph(submitter=owned.router, policies=policies, positions=positions)
    authoring = Authoring(
        submitter=owned.router,
        digests=digests,
        policies=PostQuerySide(query_side, positions),
        receipts=Receipts(policies, positions),
        reached=ends.reached,
        clock=_now,
    )
    partitions = Partitions(owned.router, SubmissionDecoder(ROUTES), owned.instance)
    return Dispatcher(
        (
            Service(_ACCOUNTS, accounts),
            Service(_GRAPH, graph),
            Service(_POSTS, Posts(authoring)),
            Service(_COMMENTS, Comments(authoring)),
            Service(_PARTITIONS, partitions),
        ),
        tokens=tokens,
        sessions=ClosedSessions(pool),
        positions=positions,
    )


def _identity(settings: CommandsSettings) -> Identity:
    endpoint = settings.advertised_endpoint or f"{settings.host}:{settings.port}"
    return Identity(f"{socket.gethostname()}-{uuid4().hex}", endpoint)


def _limits(settings: CommandsSettings) -> Limits:
    return Limits(settings.decision_bytes_max, settings.stream_state_bytes_max)


def _pace(settings: CommandsSettings) -> Pace:
    return Pace(
        settings.checkpoint_interval_ms / 1000,
        settings.checkpoint_events,
        settings.heads_in_memory_max,
    )


def _now() -> datetime:
    return datetime.now(UTC)
