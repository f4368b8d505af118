"""The HTTP server runs an ASGI application on the loop that is there, and ends with its block."""

import asyncio
import socket
from typing import Any

import httpx
import pytest

from infra.http_server import serving_http


class Application:
    """Answers every request with `held` in mind, and remembers its own life."""

    def __init__(self, *, fails: bool = False) -> None:
        self.life: list[str] = []
        self.entered = asyncio.Event()
        self.go_on = asyncio.Event()
        self._fails = fails

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        self.entered.set()
        await self.go_on.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def _live(self, receive: Any, send: Any) -> None:
        for _ in range(2):
            event = (await receive())["type"]
            self.life.append(event)
            await send({"type": f"{event}.{'failed' if self._fails else 'complete'}"})


async def test_requests_are_answered_until_the_block_ends() -> None:
    application = Application()
    application.go_on.set()
    async with (
        serving_http(application, "127.0.0.1", 0, drain_s=1) as port,
        httpx.AsyncClient() as client,
    ):
        assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 204
    assert application.life == ["lifespan.startup", "lifespan.shutdown"]
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_request_in_flight_is_answered_before_the_end() -> None:
    application = Application()
    async with httpx.AsyncClient() as client:
        async with serving_http(application, "127.0.0.1", 0, drain_s=5) as port:
            asked = asyncio.create_task(client.get(f"http://127.0.0.1:{port}/"))
            await application.entered.wait()
            asyncio.get_running_loop().call_later(0.2, application.go_on.set)
        assert (await asked).status_code == 204


async def test_a_taken_port_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        async with serving_http(Application(), *taken.getsockname(), drain_s=1):
            pass


async def test_an_application_that_does_not_start_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="did not start"):
        async with serving_http(Application(fails=True), "127.0.0.1", 0, drain_s=1):
            pass
