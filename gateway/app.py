"""The gateway, assembled as an ASGI application."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import docs_page, health, openapi
from gateway.api import Api
from gateway.edge import Edge
from gateway.limits import Limits
from gateway.live.updates import LiveUpdates
from gateway.operations import operations_of
from gateway.web_files import WebFiles
from infra.auth.tokens import open_tokens
from infra.config import Settings
from infra.crypto.keys import load_key
from infra.crypto.public_ids import PublicIds
from infra.rpc.backend import Backend

API: Final = "/v1"


class _Front:
    """The API, and whatever else is served: looked up before any framework, as it is asked most."""

    def __init__(self, api: ASGIApp, others: ASGIApp) -> None:
        self._api = api
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and (path.startswith(f"{API}/") or path == API):
            await self._api(scope, receive, send)
        else:
            await self._others(scope, receive, send)


def build(settings: Settings, backends: Mapping[str, Backend], live: LiveUpdates) -> ASGIApp:
    """The application in front of `backends` (by side: commands, queries).

    `live` runs while the application does; its streams must be ended before the server is told to
    stop, which would wait for them. Raises SettingError for a key file that cannot be used,
    Misrouted for proto files that make no HTTP API. Redis, NATS and the sides behind may be away,
    now and at any time.
    """
    ids = PublicIds(load_key("crypto.id_key_file", settings.crypto.id_key_file))
    limits = Limits(settings.limits, settings.redis)
    operations = operations_of(backends, ids)
    api = Api(operations, live, open_tokens(settings), limits, settings)
    document = openapi.document([*operations, live.route])

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with live.running():
            yield
        await limits.close()

    pages = WebFiles()
    others = Starlette(
        routes=[
            Route("/healthz", health.healthz),
            Route("/readyz", health.readyz(backends)),
            Route("/openapi.json", openapi.endpoint(document)),
            Route("/docs", docs_page.endpoint(document)),
            Mount("/", app=pages),
        ],
        lifespan=lifespan,
    )
    others.router.default = pages  # For `*`, the one target that is no path.
    return Edge(_Front(api, others))
