"""Live updates without servers: a bus to write on, a query side to decide, pages to read.

Hub, courier and pages are the real ones; only what they reach over the network is played.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from google.protobuf.message import Message as Proto
from msgspec import Struct

from gateway.live import events
from gateway.live.courier import Courier
from gateway.live.hub import Hub
from gateway.live.page import Page
from gateway.live.questions import Questions
from gateway.live.ring import Ring
from gateway.live.upkeep import Upkeep
from gateway.live.watches import Watch
from infra.config_servers import NatsSettings
from infra.config_services import LiveSettings
from infra.crypto.public_ids import PublicIds
from infra.crypto.sealed import Seals
from infra.nats.items import (
    POST_CHANGED,
    POST_EDITED,
    POST_PUBLISHED,
    Address,
    Item,
    Scope,
    encoded,
    lost_subject,
    subject_of,
)
from infra.nats.reader import Began, Message
from infra.positions import Positions
from infra.rpc.backend import Backend
from schemas.gen import live_pb2 as pb
from schemas.gen.options_pb2 import ID_POST

KEY: Final = bytes(32)
IDS: Final = PublicIds(KEY)
SETTINGS: Final = NatsSettings()
AT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
WITHIN_S: Final = 20.0
NEVER: Final = 4e9

ANA, BEN, CLO = (UUID(f"0197f1f0-0000-7000-8000-00000000000{digit}") for digit in "abc")
POSTS: Final = [UUID(f"0197f1f0-0000-7000-8000-0000000000{number}") for number in range(10, 40)]


class Event(Struct, frozen=True):
    """One event as a page got it; `id` is the last that was named up to here."""

    id: str
    name: str
    data: Mapping[str, Any]


class QuerySide:
    """Shows everything to everybody but for what a test says. Implements infra.rpc.backend."""

    methods: Mapping[str, Any] = {}

    def __init__(self) -> None:
        self.hidden: set[tuple[UUID, UUID]] = set()
        self.undecided: set[tuple[UUID, UUID]] = set()
        self.closed: set[UUID] = set()
        self.written: dict[UUID, set[UUID]] = {}
        self.failing: Exception | None = None
        self.judged: list[pb.JudgeRequest] = []
        self.open = asyncio.Event()
        self.open.set()

    async def call(
        self, path: str, message: Proto, metadata: Mapping[str, str], timeout_s: float
    ) -> Proto:
        """The answer, once `open` is set."""
        await self.open.wait()
        if self.failing is not None:
            raise self.failing
        if isinstance(message, pb.PostsAmongRequest):
            written = self.written.get(UUID(message.author_id), set())
            found = [post for post in message.post_ids if UUID(post) in written]
            return pb.PostsAmongAnswer(post_ids=found)
        assert isinstance(message, pb.JudgeRequest)
        self.judged.append(message)
        viewers = [UUID(viewer.account_id) for viewer in message.viewers]
        return pb.JudgeAnswer(
            verdicts=[self._verdict(matter, viewers) for matter in message.matters],
            closed=[
                number
                for number, viewer in enumerate(message.viewers)
                if UUID(viewer.session_id) in self.closed
            ],
        )

    def _verdict(self, matter: pb.Matter, viewers: list[UUID]) -> pb.Verdict:
        match matter.WhichOneof("about"):
            case "publication":
                about = matter.publication
                asked = [*about.home, *about.explore, *about.author]
                verdict = self._shown(UUID(about.post_id), asked, viewers)
                verdict.author_id = str(ANA)
            case "touch":
                verdict = self._shown(UUID(matter.touch.post_id), matter.touch.viewers, viewers)
                if matter.touch.counted:
                    verdict.counts.add(comments=1, reactions=2, shown=verdict.shown)
                for comment in matter.touch.comment_ids:
                    one = self._shown(UUID(comment), verdict.shown, viewers)
                    verdict.comments.add(
                        comment_id=comment,
                        author_id=str(BEN),
                        shown=one.shown,
                        undecided=one.undecided,
                    )
            case _:
                person = UUID(matter.notice.person_id)
                verdict = self._shown(person, matter.notice.viewers, viewers)
                verdict.person.account_id = str(person)
        return verdict

    def _shown(self, thing: UUID, asked: Iterable[int], viewers: list[UUID]) -> pb.Verdict:
        verdict = pb.Verdict()
        for number in dict.fromkeys(asked):
            if (viewers[number], thing) in self.undecided:
                verdict.undecided.append(number)
            elif (viewers[number], thing) not in self.hidden:
                verdict.shown.append(number)
        return verdict


class Client:
    """Whoever reads a page. `reading` may be cleared: then nothing is taken any more."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.events: list[Event] = []
        self.last_id = ""
        self.heartbeats = 0
        self.reading = asyncio.Event()
        self.reading.set()
        self._leaving = asyncio.Event()
        self._more = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def names(self) -> list[str]:
        """The names of all events so far."""
        return [event.name for event in self.events]

    @property
    def posts(self) -> list[UUID]:
        """The posts that were told of, in order."""
        told = [event.data["postId"] for event in self.events if event.name == "post"]
        return [IDS.open(ID_POST, post) for post in told]

    def start(self) -> None:
        """Reads in the background."""
        self._task = asyncio.create_task(self.page.run(self._receive, self._send, self._observe))

    async def until(self, name: str, times: int = 1) -> None:
        """Waits until there were so many events of that name."""
        async with asyncio.timeout(WITHIN_S):
            while self.names.count(name) < times:
                self._more.clear()
                await self._more.wait()

    async def until_alive(self, times: int = 1) -> None:
        """Waits until there were so many heartbeats."""
        async with asyncio.timeout(WITHIN_S):
            while self.heartbeats < times:
                self._more.clear()
                await self._more.wait()

    async def until_told(self, post: UUID) -> None:
        """Waits until the post was told of."""
        async with asyncio.timeout(WITHIN_S):
            while post not in self.posts:
                self._more.clear()
                await self._more.wait()

    async def until_counted(self, post: UUID) -> None:
        """Waits until it was told what the post counts."""
        async with asyncio.timeout(WITHIN_S):
            while IDS.seal(ID_POST, post) not in self._counted():
                self._more.clear()
                await self._more.wait()

    def _counted(self) -> list[str]:
        return [event.data["postId"] for event in self.events if event.name == "counts"]

    async def until_over(self) -> None:
        """Waits until the page has ended."""
        assert self._task is not None
        async with asyncio.timeout(WITHIN_S):
            await asyncio.shield(self._task)

    async def leave(self) -> None:
        """Closes the connection."""
        self._leaving.set()
        self.reading.set()
        await self.until_over()

    async def _receive(self) -> dict[str, Any]:
        await self._leaving.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self.reading.wait()
        for block in message["body"].decode().split("\n\n"):
            self._read(block)
        self._more.set()

    def _read(self, block: str) -> None:
        lines = [line.partition(": ") for line in block.split("\n")]
        fields = {name: value for name, _, value in lines}
        self.heartbeats += block.startswith(":")
        self.last_id = fields.get("id", self.last_id)
        if "event" in fields:
            data = json.loads(fields["data"])
            self.events.append(Event(self.last_id, fields["event"], data))

    def _observe(self, _stored_s: float) -> None:
        pass


class Gateway:
    """A hub with everything behind it; `judge` is the query side, one that is played without it."""

    def __init__(
        self,
        *,
        ring: int = 1000,
        waiting_max: int = 100,
        patience_s: float = 60.0,
        judge: Backend | None = None,
    ) -> None:
        self.queries = QuerySide()
        encode = events.encoder(IDS)
        self.hub = Hub(SETTINGS, Ring(ring), encode)
        questions = Questions(judge or self.queries)
        self.courier = Courier(self.hub, questions, Positions(Seals(KEY)), encode, patience_s)
        self.upkeep = Upkeep(self.hub, questions, LiveSettings())
        self.clients: list[Client] = []
        self.sequence = 0
        self._waiting_max = waiting_max

    def began(self, incarnation: int = 1, first: int = 1, last: int | None = None) -> None:
        """The reader found the stream."""
        self.hub.began(Began(incarnation, first, self.sequence if last is None else last))

    def arrives(self, address: Address, kind: str, *ids: UUID) -> int:
        """News arrives; its sequence."""
        item = Item(kind, "posts-0", self.sequence, AT, ids)
        return self.arrives_raw(subject_of(SETTINGS, address), encoded(item))

    def arrives_raw(self, subject: str, payload: bytes) -> int:
        """Any message arrives; its sequence."""
        self.sequence += 1
        self.hub.arrived(Message(self.sequence, subject, payload, 0.0))
        return self.sequence

    def lost(self) -> int:
        """A mark arrives that something may be missing; its sequence."""
        return self.arrives_raw(lost_subject(SETTINGS), b"")

    def post(self, post: UUID, author: UUID = ANA) -> int:
        """A post was published."""
        return self.arrives(Address(Scope.AUTHOR, author), POST_PUBLISHED, post)

    def touch(self, post: UUID, *comments: UUID) -> int:
        """A post changed."""
        return self.arrives(Address(Scope.POST, post), POST_CHANGED, *comments)

    def edit(self, post: UUID) -> int:
        """A post was edited."""
        return self.arrives(Address(Scope.POST, post), POST_EDITED)

    def client(
        self,
        account: UUID = BEN,
        last_id: str = "",
        *,
        session: UUID | None = None,
        expires_at: float = NEVER,
        **watched: Any,
    ) -> Client:
        """Somebody who opens a page; without more the home feed."""
        watch = Watch(account, session or account, **(watched or {"feed": "home"}))
        client = Client(Page(watch, expires_at, self._waiting_max))
        self.hub.open(client.page, last_id)
        client.start()
        self.clients.append(client)
        return client

    async def closed(self, client: Client) -> None:
        """The client leaves, and its page is closed."""
        await client.leave()
        self.hub.close(client.page)
        self.clients.remove(client)


@asynccontextmanager
async def running(gateway: Gateway) -> AsyncIterator[Gateway]:
    """The courier at work, until all clients have left."""
    task = asyncio.create_task(gateway.courier.run())
    try:
        yield gateway
    finally:
        for client in list(gateway.clients):
            await gateway.closed(client)
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()
