"""The command side as its callers see it: real dispatcher, servicers, tokens and seals.

Below them stands the in-memory submitter; the query side is a fold of what it recorded.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.message import Message

from commands.policies import Holder
from commands.rpc.accounts import Accounts
from commands.rpc.authoring import Authoring
from commands.rpc.comments import Comments
from commands.rpc.graph import Graph
from commands.rpc.posts import Posts
from commands.rpc.receipts import Receipts
from events.accounts import AccountRegistered, HandleChanged, SessionClosed
from events.position import Position
from events.topics import PEOPLE, Topic
from infra.auth.tokens import AccessTokens
from infra.config_servers import AuthSettings
from infra.crypto.public_ids import PublicIds
from infra.crypto.sealed import Seals
from infra.positions import Positions
from infra.rpc.call import Call
from infra.rpc.dispatch import Dispatcher, Service
from schemas.gen import accounts_pb2, comments_pb2, graph_pb2, posts_pb2
from schemas.refusals import Unavailable
from tests.commands.memory import MemorySubmitter
from tests.commands.rpc.post_reads import FoldedPostReads
from tests.commands.sagas.newcomers import DIGESTS, MemoryVault

KEY = bytes(range(32))


class FoldedReads:
    """Implements `commands.policies.Policies` and the dispatcher's sessions.

    `waits` is what the wait for visibility answers; None means that the query side is away.
    """

    def __init__(self, submitter: MemorySubmitter) -> None:
        self._submitter = submitter
        self.waits: bool | None = True
        self.waited: list[Position] = []

    async def resolve_name(self, name: str, call: Call) -> Holder | None:
        """Who holds the name by all that was recorded."""
        holders: dict[UUID, AccountRegistered | HandleChanged] = {}
        for event in self._submitter.recorded(AccountRegistered, HandleChanged):
            assert isinstance(event, AccountRegistered | HandleChanged)
            if isinstance(event, AccountRegistered) and name == event.email_hash:
                return Holder(event.account_id, event.handle)
            holders[event.account_id] = event
        for event in holders.values():
            if event.handle_hash == name:
                return Holder(event.account_id, event.handle)
        return None

    async def await_visible(self, position: Position, within_s: float, call: Call) -> bool:
        """At once."""
        assert 0 < within_s <= 2
        self.waited.append(position)
        if self.waits is None:
            raise Unavailable("PEER_UNREACHABLE", "The query side is away.")
        return self.waits

    async def is_closed(self, session_id: UUID) -> bool:
        """Whether the session was closed."""
        return any(
            isinstance(event, SessionClosed) and event.session_id == session_id
            for event in self._submitter.recorded(SessionClosed)
        )


class Side:
    """One command side, called as a gateway would call it.

    `reached` tells how far a person's own shard goes in the log.
    """

    def __init__(self) -> None:
        self.submitter = MemorySubmitter()
        self.vault = MemoryVault()
        self.reads = FoldedReads(self.submitter)
        self.post_reads = FoldedPostReads(self.submitter)
        self.reached: Callable[[UUID], Awaitable[Position]] = _nowhere
        self.positions = Positions(Seals(KEY))
        tokens = AccessTokens(
            Ed25519PrivateKey.from_private_bytes(KEY), PublicIds(KEY), AuthSettings()
        )
        accounts = Accounts(
            submitter=self.submitter,
            digests=DIGESTS,
            credentials=self.vault,
            tokens=tokens,
            policies=self.reads,
            positions=self.positions,
            clock=self._now,
        )
        graph = Graph(submitter=self.submitter, policies=self.reads, positions=self.positions)
        authoring = self._authoring()
        services = {
            name: service
            for module in (accounts_pb2, graph_pb2, posts_pb2, comments_pb2)
            for name, service in module.DESCRIPTOR.services_by_name.items()
        }
        self.dispatcher = Dispatcher(
            [
                Service(services["AccountCommands"], accounts),
                Service(services["GraphCommands"], graph),
                Service(services["PostCommands"], Posts(authoring)),
                Service(services["CommentCommands"], Comments(authoring)),
            ],
            tokens=tokens,
            sessions=self.reads,
            positions=self.positions,
            clock=self._now,
        )

    def _authoring(self) -> Authoring:
        return Authoring(
            submitter=self.submitter,
            digests=DIGESTS,
            policies=self.post_reads,
            receipts=Receipts(self.reads, self.positions),
            reached=self._reached,
            clock=self._now,
        )

    async def _reached(self, topic: Topic, shard: str) -> Position:
        return await self.reached(UUID(shard)) if topic is PEOPLE else {f"{topic.name}-0": 9}

    def _now(self) -> datetime:
        return self.submitter.now

    async def call(
        self,
        request: Message,
        token: str = "",
        key: UUID | None = None,
        headers: Mapping[str, str] = {},
    ) -> Any:
        """The answer to the method that takes `request`."""
        metadata = dict(headers)
        if token:
            metadata["authorization"] = f"Bearer {token}"
        if key is not None:
            metadata["idempotency-key"] = str(key)
        return await self.dispatcher.call(self._path(request), request, metadata, 5.0)

    def _path(self, request: Message) -> str:
        methods: Mapping[str, Any] = self.dispatcher.methods
        return next(
            path
            for path, method in methods.items()
            if method.input_type.full_name == request.DESCRIPTOR.full_name
        )


async def _nowhere(person: UUID) -> Position:
    return {}


def registration(email: str = "ana@example.org", **changes: Any) -> accounts_pb2.RegisterRequest:
    """What Ana sends, but for `changes`."""
    fields = {
        "email": email,
        "password": "brass-owl-fog-9",
        "first_name": "Ana",
        "last_name": "Lima",
        "birth_date": "1990-12-31",
        "handle": email.partition("@")[0],
    }
    return accounts_pb2.RegisterRequest(**(fields | changes))
