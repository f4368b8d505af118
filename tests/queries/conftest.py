"""Fixtures of the query side: a world of rows, and the services over it."""

from collections.abc import AsyncIterator

import pytest
from msgspec import Struct
from msgspec.structs import replace

from infra.auth.sessions import ClosedSessions
from infra.config import Settings
from infra.crypto.digests import Digests
from infra.crypto.sealed import Seals
from infra.postgres.pool import open_pool
from queries.cursors import Cursors
from queries.positions import Waiting
from queries.rpc.accounts import Accounts
from queries.rpc.comments import Comments
from queries.rpc.feeds import Feeds
from queries.rpc.graph import Graph
from queries.rpc.live import Live
from queries.rpc.policies import Policies
from queries.rpc.post_policies import PostPolicies
from queries.rpc.posts import Posts
from queries.store import Store
from tests.queries.wire import Wire, relayed
from tests.queries.world import World, made_world
from tests.stack import Stack

KEY = bytes(range(32))
ANSWER_S = 60.0
WAIT_S = 60.0
"""Nobody waits that long: whoever is to be refused in time has a deadline of its own."""


class Side(Struct, frozen=True):
    """The query side over one world, with the wire to PostgreSQL under control."""

    world: World
    wire: Wire
    store: Store
    digests: Digests
    accounts: Accounts
    graph: Graph
    posts: Posts
    comments: Comments
    feeds: Feeds
    waiting: Waiting
    policies: Policies
    post_policies: PostPolicies
    live: Live


@pytest.fixture
def settings(stack: Stack) -> Settings:
    """Settings of a world apart."""
    return stack.settings()


@pytest.fixture
async def side(settings: Settings) -> AsyncIterator[Side]:
    """The services over an empty world."""
    postgres = settings.postgres
    async with (
        made_world(postgres.dsn, postgres.schema) as world,
        relayed(postgres.dsn) as wire,
        open_pool(
            replace(
                postgres,
                dsn=wire.dsn,
                pool_connections_min=1,
                pool_connections_max=2,
                pool_wait_ms=60_000,
            ),
            role="queries",
            read_only=True,
        ) as pool,
    ):
        # With one connection open, whoever asks alone gets that one, and round trips can be told.
        await pool.wait()
        wire.reset()
        store = Store(pool, ANSWER_S)
        digests = Digests(KEY)
        cursors = Cursors(Seals(KEY))
        waiting = Waiting(store, WAIT_S)
        yield Side(
            world=world,
            wire=wire,
            store=store,
            digests=digests,
            accounts=Accounts(store, digests),
            graph=Graph(store, cursors),
            posts=Posts(store, cursors),
            comments=Comments(store, cursors),
            feeds=Feeds(store, cursors),
            waiting=waiting,
            policies=Policies(store, waiting),
            post_policies=PostPolicies(store),
            live=Live(store, ClosedSessions(pool)),
        )
        wire.resume()
