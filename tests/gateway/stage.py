"""A gateway that listens on a loopback port, in front of plain servicers of a small cast.

Nothing of the gateway or the dispatcher is replaced; the servicers answer at once and remember
what they were asked.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from msgspec.structs import replace

from gateway.app import build
from gateway.live.updates import LiveUpdates
from infra.auth.tokens import open_tokens
from infra.config import Settings
from infra.crypto.keys import load_keys
from infra.crypto.public_ids import PublicIds
from infra.crypto.sealed import Seals
from infra.http_server import serving_http
from infra.local.keys import ensure_keys
from infra.positions import Positions
from infra.rpc.backend import Backend
from infra.rpc.call import Call
from infra.rpc.dispatch import Dispatcher, Service
from schemas.gen import accounts_pb2, graph_pb2, live_pb2, options_pb2
from tests.stack import free_ports

ANA: Final = UUID("0197f1f0-0000-7000-8000-00000000000a")
BEN: Final = UUID("0197f1f0-0000-7000-8000-00000000000b")
SESSION: Final = UUID("0197f1f0-0000-7000-8000-0000000000a1")
REQUEST: Final = "0197f1f0-0000-7000-8000-0000000000ff"

Answer = Callable[[Any, Call], Awaitable[Message]]
ACCOUNTS: Final = accounts_pb2.DESCRIPTOR.services_by_name
GRAPH: Final = graph_pb2.DESCRIPTOR.services_by_name
LIVE: Final = live_pb2.DESCRIPTOR.services_by_name


class _Sessions:
    async def is_closed(self, _session_id: UUID) -> bool:
        return False


class Scene:
    """A client of the gateway, what the servicers were asked, and ids as the outside has them."""

    def __init__(self, settings: Settings, answers: Mapping[str, Answer]) -> None:
        keys = load_keys(settings)
        self.settings = settings
        self.ids = PublicIds(keys.ids)
        self.positions = Positions(Seals(keys.ids))
        self.tokens = open_tokens(settings)
        self.asked: list[tuple[Any, Call]] = []
        self.port = 0
        self._answers = answers
        self._client: httpx.AsyncClient | None = None

    @property
    def http(self) -> httpx.AsyncClient:
        """The client; only while the gateway serves."""
        assert self._client is not None
        return self._client

    def account(self, account: UUID) -> str:
        """The public id of an account."""
        return self.ids.seal(options_pb2.ID_ACCOUNT, account)

    def signed_in(self, account: UUID = ANA) -> dict[str, str]:
        """The header field of somebody who is signed in."""
        token, _ = self.tokens.issue(account, SESSION, datetime.now(UTC))
        return {"Authorization": f"Bearer {token}"}

    def token_that_ends_in(self, seconds: int) -> str:
        """A token of ANA's with so much time left."""
        life = timedelta(minutes=self.settings.auth.access_token_minutes)
        begun = datetime.now(UTC) - life + timedelta(seconds=seconds)
        return self.tokens.issue(ANA, SESSION, begun)[0]

    def backends(self) -> dict[str, Backend]:
        """Both sides, in this process."""
        commands = [ACCOUNTS["AccountCommands"], GRAPH["GraphCommands"]]
        queries = [ACCOUNTS["AccountQueries"], GRAPH["GraphQueries"], LIVE["LiveQueries"]]
        return {"commands": self._dispatcher(commands), "queries": self._dispatcher(queries)}

    @asynccontextmanager
    async def served(self, backends: Mapping[str, Backend] | None = None) -> AsyncIterator["Scene"]:
        """The gateway, serving."""
        sides = backends or self.backends()
        live = LiveUpdates(self.settings, sides["queries"])
        app = build(self.settings, sides, live)
        serving = serving_http(app, "127.0.0.1", 0, drain_s=1, ending=live.end)
        async with serving as self.port:
            address = f"http://127.0.0.1:{self.port}"
            async with httpx.AsyncClient(base_url=address, trust_env=False) as self._client:
                yield self

    def _dispatcher(self, services: list[Any]) -> Dispatcher:
        return Dispatcher(
            [Service(service, self._servicer(service)) for service in services],
            tokens=self.tokens,
            sessions=_Sessions(),
            positions=self.positions,
        )

    def _servicer(self, service: Any) -> object:
        methods = {method.name: self._method(method) for method in service.methods}
        return type("Servicer", (), methods)()

    def _method(self, method: Any) -> Any:
        answer = self._answers.get(method.name)
        empty = GetMessageClass(method.output_type)

        async def answered(_self: object, request: Any, call: Call) -> Message:
            self.asked.append((request, call))
            return await answer(request, call) if answer is not None else empty()

        return answered


def scene(
    folder: Path, answers: Mapping[str, Answer] | None = None, base: Settings | None = None
) -> Scene:
    """A scene with keys of its own. Without `base` there is no Redis and loopback has no limits."""
    settings = base or unlimited(without_nats(without_redis(Settings())))
    keys, crypto = folder / "keys", settings.crypto
    settings = replace(
        settings,
        auth=replace(settings.auth, signing_key_file=keys / "signing.pem"),
        crypto=replace(
            crypto,
            master_key_file=keys / "master.key",
            id_key_file=keys / "id.key",
            digest_key_file=keys / "digest.key",
        ),
    )
    ensure_keys(settings)
    return Scene(settings, answers or {})


def unlimited(settings: Settings) -> Settings:
    """`settings` without limits for whoever comes from this machine, as all of these tests do."""
    return replace(settings, limits=replace(settings.limits, lifted_on_loopback=True))


def without_redis(settings: Settings) -> Settings:
    """`settings` whose Redis is away."""
    (port,) = free_ports(1)
    return replace(settings, redis=replace(settings.redis, url=f"redis://127.0.0.1:{port}/0"))


def without_nats(settings: Settings) -> Settings:
    """`settings` whose NATS is away."""
    (port,) = free_ports(1)
    return replace(settings, nats=replace(settings.nats, url=f"nats://127.0.0.1:{port}"))


def reason(answer: httpx.Response) -> tuple[int, str]:
    """Status and reason of a refusal."""
    return answer.status_code, str(answer.json()["reason"])
