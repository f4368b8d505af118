"""The query side, assembled: one read-only pool, its services, one dispatcher."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from infra.auth.sessions import ClosedSessions
from infra.auth.tokens import open_tokens
from infra.config import Settings
from infra.crypto.digests import Digests
from infra.crypto.keys import load_key
from infra.crypto.sealed import Seals
from infra.positions import Positions
from infra.postgres.pool import open_pool
from infra.rpc.call import Call
from infra.rpc.dispatch import Dispatcher, Service
from queries.cursors import Cursors
from queries.feeds.opened import open_home
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
from schemas.gen import (
    accounts_pb2,
    comments_pb2,
    feeds_pb2,
    graph_pb2,
    internal_pb2,
    live_pb2,
    posts_pb2,
)

_ACCOUNTS: Final = accounts_pb2.DESCRIPTOR.services_by_name["AccountQueries"]
_GRAPH: Final = graph_pb2.DESCRIPTOR.services_by_name["GraphQueries"]
_POSTS: Final = posts_pb2.DESCRIPTOR.services_by_name["PostQueries"]
_COMMENTS: Final = comments_pb2.DESCRIPTOR.services_by_name["CommentQueries"]
_FEEDS: Final = feeds_pb2.DESCRIPTOR.services_by_name["FeedQueries"]
_LIVE: Final = live_pb2.DESCRIPTOR.services_by_name["LiveQueries"]
_POLICIES: Final = internal_pb2.DESCRIPTOR.services_by_name["Policies"]
_POST_POLICIES: Final = internal_pb2.DESCRIPTOR.services_by_name["PostPolicies"]


@asynccontextmanager
async def open_queries(settings: Settings) -> AsyncIterator[Dispatcher]:
    """The dispatcher of the query side; PostgreSQL may be away, now and at any time.

    Raises SettingError for a key file that cannot be used.
    """
    crypto = settings.crypto
    tokens = open_tokens(settings)
    seals = Seals(load_key("crypto.id_key_file", crypto.id_key_file))
    digests = Digests(load_key("crypto.digest_key_file", crypto.digest_key_file))
    async with AsyncExitStack() as opened:
        opening = open_pool(settings.postgres, role="queries", read_only=True)
        pool = await opened.enter_async_context(opening)
        store = Store(pool, _answer_s(settings))
        home = await opened.enter_async_context(open_home(settings, store))
        cursors = Cursors(seals)
        sessions = ClosedSessions(pool)
        waiting = Waiting(store, settings.queries.position_wait_ms / 1000)

        async def caught_up(call: Call) -> None:
            await waiting.require(call.position, call.remaining_s)

        yield Dispatcher(
            (
                Service(_ACCOUNTS, Accounts(store, digests)),
                Service(_GRAPH, Graph(store, cursors)),
                Service(_POSTS, Posts(store, cursors)),
                Service(_COMMENTS, Comments(store, cursors)),
                Service(_FEEDS, Feeds(store, cursors, home)),
                Service(_LIVE, Live(store, sessions)),
                Service(_POLICIES, Policies(store, waiting)),
                Service(_POST_POLICIES, PostPolicies(store)),
            ),
            tokens=tokens,
            sessions=sessions,
            positions=Positions(seals),
            prepare=caught_up,
        )


def _answer_s(settings: Settings) -> float:
    """The longest wait for a connection and then for a statement; without a limit, a minute."""
    postgres = settings.postgres
    return (postgres.pool_wait_ms + (postgres.statement_timeout_ms or 60_000)) / 1000
