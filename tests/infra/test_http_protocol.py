"""Heads of requests have a size and a deadline, whatever comes after them."""

import asyncio
from typing import Any

import pytest

from infra import http_protocol
from infra.http_server import serving_http

GET = b"GET / HTTP/1.1\r\nhost: a\r\n"


async def _application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for _ in range(2):
            event = (await receive())["type"]
            await send({"type": f"{event}.complete"})
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


async def _answered(*pieces: bytes, pause_s: float = 0.0) -> bytes:
    """The first line of each answer to what is sent in pieces, until the server closes."""
    async with serving_http(_application, "127.0.0.1", 0, drain_s=1) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(pause_s)
            return await asyncio.wait_for(reader.readuntil(b"\r\n"), 20)
        finally:
            writer.close()


async def test_a_head_without_end_is_refused_by_its_size() -> None:
    endless = b"x: " + b"y" * (2 * http_protocol.HEAD_BYTES_MAX)
    assert b"431" in await _answered(GET, endless)


async def test_a_head_of_many_small_lines_is_refused_by_its_size() -> None:
    lines = [b"x: %d\r\n" % number * 512 for number in range(20)]
    assert b"431" in await _answered(GET, *lines, pause_s=0.01)


async def test_a_head_that_never_ends_is_refused_by_its_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_S", 0.2)
    assert b"408" in await _answered(GET)


async def test_a_connection_on_which_nothing_is_said_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_S", 0.1)
    assert b"408" in await _answered()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\r\n\r\n", b"400"),
        (GET + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n", b"204"),
    ],
)
async def test_strangers_do_not_fill_the_log(
    sent: bytes, status: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert status in await _answered(sent)
    assert caplog.records == []


async def test_a_large_body_is_no_large_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_S", 1.0)
    size = 4 * http_protocol.HEAD_BYTES_MAX
    head = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % size
    halves = b"b" * (size // 2)
    assert b"204" in await _answered(head + halves, halves, pause_s=1.1)


async def test_requests_in_a_row_are_each_bounded() -> None:
    async with serving_http(_application, "127.0.0.1", 0, drain_s=1) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(GET + b"x: " + b"y" * 30_000 + b"\r\n\r\n")
            assert b"204" in await reader.readuntil(b"\r\n")
            await reader.readuntil(b"\r\n\r\n")
        writer.write(GET + b"x: " + b"y" * (2 * http_protocol.HEAD_BYTES_MAX))
        assert b"431" in await reader.readuntil(b"\r\n")
        writer.close()


async def test_a_client_that_stops_reading_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "STALL_S", 0.3)
    left = asyncio.Event()

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _application(scope, receive, send)
            return
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        leaving = asyncio.create_task(receive())
        while not leaving.done():
            body = {"type": "http.response.body", "body": bytes(1 << 16), "more_body": True}
            await send(body)
            await asyncio.sleep(0)
        left.set()

    async with serving_http(endless, "127.0.0.1", 0, drain_s=1) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 12)
        writer.write(GET + b"\r\n")
        await reader.readline()
        await asyncio.wait_for(left.wait(), 20)
        writer.close()


async def test_a_client_that_reads_slowly_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "STALL_S", 2.0)
    size = 8 << 20

    async def large(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _application(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(size >> 16):
            body = {"type": "http.response.body", "body": bytes(1 << 16), "more_body": True}
            await send(body)
        await send({"type": "http.response.body"})

    async with serving_http(large, "127.0.0.1", 0, drain_s=1) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET + b"\r\n")
        received = 0
        while received < size:
            piece = await asyncio.wait_for(reader.read(1 << 20), 20)
            assert piece, "it was let go"
            received += len(piece)
            await asyncio.sleep(0.1)
        writer.close()
