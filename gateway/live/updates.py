"""Live updates as a whole: the route that pages open, and the tasks behind it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from prometheus_client import Histogram
from protovalidate import Validator
from starlette.types import Receive, Send

from gateway.exchange import NO_STORE
from gateway.live import events
from gateway.live.courier import Courier
from gateway.live.hub import Hub
from gateway.live.page import Page
from gateway.live.questions import Questions
from gateway.live.ring import Ring
from gateway.live.upkeep import Upkeep
from gateway.live.watches import Watch
from gateway.operations import Route, route_of
from gateway.routes import bindings_of
from gateway.scalars import NOBODY
from infra.auth.tokens import open_tokens
from infra.config import Settings
from infra.crypto.keys import load_key
from infra.crypto.public_ids import PublicIds
from infra.crypto.sealed import Seals
from infra.nats.reader import Began, Reader
from infra.positions import Positions
from infra.rpc.backend import Backend
from infra.rpc.violations import violations
from infra.telemetry.metrics import LATENCY_BUCKETS_S, REGISTRY
from schemas.gen import live_pb2 as pb
from schemas.refusals import Invalid, TooMany, Unauthenticated, Unavailable

HEADERS: Final = [
    (b"content-type", events.MEDIA_TYPE.encode()),
    NO_STORE,
    (b"x-accel-buffering", b"no"),  # Proxies of that kind would keep events back.
]
_AGAIN_S: Final = 1.0

LAG_SECONDS: Final = Histogram(
    "agora_live_lag_seconds",
    "Time from publishing a commit's news to writing it to the page's socket.",
    buckets=LATENCY_BUCKETS_S,
    registry=REGISTRY,
)

_log = logging.getLogger(__name__)


class LiveUpdates:
    """Answers `GET /v1/live`, while `running` runs.

    Raises SettingError for a key file that cannot be used, and what `route_of` raises.
    """

    def __init__(self, settings: Settings, queries: Backend) -> None:
        key = load_key("crypto.id_key_file", settings.crypto.id_key_file)
        ids = PublicIds(key)
        encode = events.encoder(ids)
        live = settings.live
        self.route = live_route(ids)
        self._settings = live
        self._tokens = open_tokens(settings)
        self._validator = Validator()
        self._questions = Questions(queries)
        self._hub = Hub(settings.nats, Ring(live.replayed_items_max), encode)
        self._courier = Courier(
            self._hub, self._questions, Positions(Seals(key)), encode, settings.nats.live_kept_s
        )
        self._upkeep = Upkeep(self._hub, self._questions, live)
        self._reader = Reader(settings.nats, live.replayed_items_max)
        self._ending = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything behind the route, until the end of the block. NATS may be away at any time."""
        tasks = [
            asyncio.create_task(_kept_up(work), name=f"live {name}")
            for name, work in (
                ("reader", self._read),
                ("courier", self._courier.run),
                ("upkeep", self._upkeep.run),
            )
        ]
        try:
            yield
        finally:
            self.end()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def end(self) -> None:
        """End all streams, and take no new ones: their pages come back to another gateway."""
        self._ending = True
        for page in list(self._hub.watches):
            page.end()

    async def opened(
        self, asked: pb.WatchRequest, token: str, last_event_id: str, receive: Receive
    ) -> "Stream":
        """A stream for whoever holds the token; send it.

        Raises Invalid INVALID_FIELDS, Unauthenticated, TooMany LIVE_STREAMS_TOO_MANY, Unavailable
        LIVE_FULL, and what asking the query side raises.
        """
        if problems := violations(self._validator, asked):
            raise Invalid("INVALID_FIELDS", f"Not valid: {', '.join(problems)}.", problems)
        watch = self._watch(asked, token)
        expires_at = self._tokens.ends_at(token).timestamp()
        page = Page(watch, expires_at, self._settings.waiting_events_max)
        if await self._questions.is_closed(watch.account, watch.session):
            raise Unauthenticated("SESSION_CLOSED", "This session was signed out.")
        self._require_room(watch.account)
        self._hub.open(page, last_event_id)
        return Stream(self._hub, page, receive)

    def _watch(self, asked: pb.WatchRequest, token: str) -> Watch:
        caller = self._tokens.verify(token, datetime.now(UTC))
        return Watch(
            account=caller.account_id,
            session=caller.session_id,
            feed=asked.feed,
            author=UUID(asked.author) if asked.author else None,
            posts=frozenset(UUID(post) for post in asked.post if post != NOBODY),
        )

    def _require_room(self, account: UUID) -> None:
        watches, settings = self._hub.watches, self._settings
        if len(watches.of_account(account)) >= settings.streams_per_account:
            most = settings.streams_per_account
            raise TooMany("LIVE_STREAMS_TOO_MANY", f"{most} streams are open; close one first.")
        if self._ending or len(watches) >= settings.streams_max:
            raise Unavailable("LIVE_FULL", "This gateway cannot take any more streams right now.")

    async def _read(self) -> None:
        async with aclosing(self._reader.read()) as arrivals:
            async for one in arrivals:
                if isinstance(one, Began):
                    self._hub.began(one)
                else:
                    self._hub.arrived(one)


def live_route(ids: PublicIds) -> Route:
    """The route of streams, as its descriptor says."""
    [binding] = bindings_of(pb.DESCRIPTOR.services_by_name["Live"].methods_by_name["Watch"])
    return route_of(binding, ids)


class Stream:
    """The answer that goes on for as long as its page is open. Must be sent."""

    def __init__(self, hub: Hub, page: Page, receive: Receive) -> None:
        self._hub = hub
        self._page = page
        self._receive = receive

    async def send(self, send: Send) -> None:
        """Sends until the page ends or its client leaves."""
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            body = {"type": "http.response.body", "body": events.opening(), "more_body": True}
            await send(body)
            await self._page.run(self._receive, send, _observe)
        finally:
            self._hub.close(self._page)


class _HeadersAlone:
    """What a stream begins with, for who asks for nothing more."""

    async def send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": b""})


HEADERS_ALONE: Final = _HeadersAlone()


def _observe(stored_s: float) -> None:
    LAG_SECONDS.observe(max(0.0, time.time() - stored_s))


async def _kept_up(work: Callable[[], Awaitable[None]]) -> None:
    """Runs for ever; a bug ends nothing for good."""
    while True:
        try:
            await work()
        except Exception:
            _log.exception("live updates stumbled, they begin again")
        await asyncio.sleep(_AGAIN_S)
