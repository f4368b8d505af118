"""The HTTP server for an ASGI application, on the event loop that is already running."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from infra.http_protocol import BoundedProtocol

BACKLOG: Final = 2048


@asynccontextmanager
async def serving_http(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    drain_s: float,
    ending: Callable[[], None] = lambda: None,
) -> AsyncIterator[int]:
    """Serves `app` inside the block; yields the port, also when it was asked to choose one (0).

    At the end `ending` is called, to end what would go on for ever, and requests in flight have
    `drain_s` to finish; should the server fail before, the block is cancelled. Raises OSError when
    it cannot listen, and RuntimeError when the application does not start, which then has said why
    in the log.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    block = asyncio.current_task()
    assert block is not None
    with socket.create_server((host, port), family=family, backlog=BACKLOG) as listener:
        server = _Server(_configuration(app, drain_s))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        await asyncio.wait(
            [running, started := asyncio.create_task(server.ready.wait())],
            return_when=asyncio.FIRST_COMPLETED,
        )
        if not started.done():
            started.cancel()
            await running
        running.add_done_callback(lambda _: server.should_exit or block.cancel())
        try:
            yield listener.getsockname()[1]
        finally:
            ending()
            server.should_exit = True
            await running


class _Server(uvicorn.Server):
    """Leaves signals and the end of the process to whoever composes it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            raise RuntimeError("The application did not start; the log says why.") from None
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _configuration(app: ASGIApp, drain_s: float) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # Whose word counts on addresses is a setting of the gateway.
        lifespan="on",
        http=BoundedProtocol,
        ws="none",
        timeout_graceful_shutdown=max(1, round(drain_s)),
    )
