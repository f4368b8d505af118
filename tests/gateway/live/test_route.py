"""The route of streams: who gets one, what is refused before it starts, and how it begins and ends.

NATS is away throughout: that alone ends no stream and refuses none.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace

from infra.config import Settings
from infra.rpc.call import Call
from schemas.gen import live_pb2, options_pb2
from schemas.refusals import Unavailable
from tests.gateway.stage import ANA, BEN, Scene, reason, scene, without_nats, without_redis

POST = UUID("0197f1f0-0000-7000-8000-000000000001")
WITHIN_S = 20.0
CLOSED: set[str] = set()
AWAY: list[Exception] = []


async def judge(request: live_pb2.JudgeRequest, _call: Call) -> live_pb2.JudgeAnswer:
    """Sessions are open but for those in `CLOSED`."""
    if AWAY:
        raise AWAY[0]
    closed = [n for n, viewer in enumerate(request.viewers) if viewer.account_id in CLOSED]
    return live_pb2.JudgeAnswer(closed=closed)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Scene]:
    """A gateway whose streams show life every second."""
    CLOSED.clear()
    AWAY.clear()
    settings = without_nats(without_redis(Settings()))
    live = replace(settings.live, heartbeat_s=1, check_ms=50, streams_per_account=3, streams_max=5)
    settings = replace(settings, live=live)
    async with scene(tmp_path, {"Judge": judge}, settings).served() as serving:
        yield serving


async def refused(stage: Scene, query: str = "", **headers: str) -> tuple[int, str, dict[str, str]]:
    """Status, reason and fields of a refusal."""
    answer = await stage.http.get(f"/v1/live{query}", headers={**stage.signed_in(), **headers})
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    return answer.status_code, str(problem["reason"]), dict(problem.get("fields", {}))


async def test_a_stream_begins_and_shows_life(stage: Scene) -> None:
    async with stage.http.stream("GET", "/v1/live", headers=stage.signed_in()) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-store"
        assert "content-length" not in answer.headers
        read = b""
        async with asyncio.timeout(WITHIN_S):
            async for part in answer.aiter_bytes():
                read += part
                if b": alive" in read:
                    break
    assert read.startswith(b"retry: 1000\n\n: alive\n\n")


async def test_only_who_is_signed_in_gets_one(stage: Scene) -> None:
    assert reason(await stage.http.get("/v1/live")) == (401, "SIGN_IN_REQUIRED")
    broken = await stage.http.get("/v1/live", headers={"Authorization": "Bearer x.y.z"})
    assert reason(broken) == (401, "TOKEN_INVALID")
    CLOSED.add(str(ANA))
    assert (await refused(stage))[:2] == (401, "SESSION_CLOSED")


async def test_while_sessions_cannot_be_looked_up_nobody_gets_one(stage: Scene) -> None:
    AWAY.append(Unavailable("STORE_UNAVAILABLE", "Away."))
    assert (await refused(stage))[:2] == (503, "STORE_UNAVAILABLE")


@pytest.mark.parametrize(
    ("query", "status", "told", "field"),
    [
        ("?feed=everything", 400, "INVALID_FIELDS", "feed"),
        ("?feed=HOME", 400, "INVALID_FIELDS", "feed"),
        ("?feed=home&feed=explore", 400, "INVALID_FIELDS", "feed"),
        ("?author=x", 400, "ID_MALFORMED", "author"),
        ("?post=x", 400, "ID_MALFORMED", "post[0]"),
        ("?post=", 400, "ID_MALFORMED", "post[0]"),
        ("?page=1", 400, "INVALID_FIELDS", "page"),
        ("?feed=%ff", 400, "QUERY_MALFORMED", ""),
    ],
)
async def test_what_cannot_be_watched_is_refused_before_the_stream_starts(
    stage: Scene, query: str, status: int, told: str, field: str
) -> None:
    assert (await refused(stage, query))[:2] == (status, told)
    assert list((await refused(stage, query))[2]) == ([field] if field else [])


async def test_a_hundred_posts_can_be_watched_and_no_more(stage: Scene) -> None:
    posts = [stage.ids.seal(options_pb2.ID_POST, UUID(int=POST.int + n)) for n in range(101)]
    query = "?" + "&".join(f"post={post}" for post in posts)
    assert (await refused(stage, query))[:2] == (400, "INVALID_FIELDS")
    await opens(stage, query.rpartition("&")[0])


async def test_ids_of_other_things_are_absent_ones(stage: Scene) -> None:
    post = stage.ids.seal(options_pb2.ID_POST, POST)
    assert (await refused(stage, f"?author={post}"))[:2] == (404, "NOT_FOUND")
    account = stage.account(BEN)
    await opens(stage, f"?post={account}&post={post}&author={account}")


async def opens(stage: Scene, query: str = "") -> None:
    """Expects that a stream starts."""
    headers = stage.signed_in()
    async with stage.http.stream("GET", f"/v1/live{query}", headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()


@pytest.mark.parametrize("last_id", [b"", b"garbage", b"1-1", "\u00e9".encode(), b"x" * 8000])
async def test_no_last_id_is_a_fault(stage: Scene, last_id: bytes) -> None:
    token = stage.signed_in()["Authorization"].encode()
    headers = [(b"Authorization", token), (b"Last-Event-ID", last_id), (b"Last-Event-ID", b"1-2")]
    async with stage.http.stream("GET", "/v1/live", headers=headers) as answer:
        assert answer.status_code == 200


async def test_bodies_are_refused(stage: Scene) -> None:
    answer = await stage.http.request("GET", "/v1/live", headers=stage.signed_in(), content=b"{}")
    assert reason(answer) == (400, "BODY_UNEXPECTED")


async def test_other_methods_are_refused_and_head_is_answered_at_once(stage: Scene) -> None:
    for verb in ("POST", "PUT", "DELETE", "PATCH"):
        answer = await stage.http.request(verb, "/v1/live", headers=stage.signed_in())
        assert reason(answer) == (405, "METHOD_NOT_ALLOWED")
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    async with asyncio.timeout(WITHIN_S):
        head = await stage.http.head("/v1/live", headers=stage.signed_in())
    assert (head.status_code, head.headers["content-type"]) == (200, "text/event-stream")
    assert head.content == b""
    assert reason(await stage.http.get("/v1/live/", headers=stage.signed_in()))[0] == 404
    without = await stage.http.head("/v1/live")
    assert without.status_code == 401


async def test_tabs_of_an_account_and_streams_of_a_gateway_are_limited(stage: Scene) -> None:
    async with asyncio.TaskGroup() as group:
        release = asyncio.Event()
        opened = [asyncio.Event() for _ in range(5)]
        people = [ANA, ANA, ANA, BEN, BEN]
        for person, is_open in zip(people, opened, strict=True):
            group.create_task(held(stage, person, is_open, release))
        for is_open in opened:
            await is_open.wait()
        too_many = await stage.http.get("/v1/live", headers=stage.signed_in(ANA))
        assert reason(too_many) == (429, "LIVE_STREAMS_TOO_MANY")
        full = await stage.http.get("/v1/live", headers=stage.signed_in(BEN))
        assert reason(full) == (503, "LIVE_FULL")
        assert int(full.headers["retry-after"]) >= 1
        release.set()
    await opens_again(stage)


async def held(stage: Scene, person: UUID, is_open: asyncio.Event, release: asyncio.Event) -> None:
    """Keeps a stream open."""
    headers = stage.signed_in(person)
    async with stage.http.stream("GET", "/v1/live", headers=headers) as answer:
        assert answer.status_code == 200
        is_open.set()
        await release.wait()


async def opens_again(stage: Scene) -> None:
    """Expects that there is room, within the moment that the gateway may need to notice."""
    status = 0
    for _ in range(100):
        async with stage.http.stream("GET", "/v1/live", headers=stage.signed_in()) as answer:
            status = answer.status_code
        if status == 200:
            break
        await asyncio.sleep(0.05)
    assert status == 200


async def events(answer: httpx.Response) -> bytes:
    """All that a stream says until it ends."""
    async with asyncio.timeout(WITHIN_S):
        return b"".join([part async for part in answer.aiter_bytes()])


async def test_a_closed_session_ends_its_stream(stage: Scene) -> None:
    async with stage.http.stream("GET", "/v1/live", headers=stage.signed_in()) as answer:
        CLOSED.add(str(ANA))
        told = await events(answer)
    assert told.endswith(b'event: closed\ndata: {"reason":"SESSION_CLOSED"}\n\n')


async def test_a_token_that_is_over_ends_its_stream(stage: Scene) -> None:
    told, life_s, headers = b"", 1, dict[str, str]()
    while not told:
        # Where much else goes on, a token may be over before its stream begins.
        life_s *= 2
        headers = {"Authorization": f"Bearer {stage.token_that_ends_in(life_s)}"}
        async with stage.http.stream("GET", "/v1/live", headers=headers) as answer:
            if answer.status_code == 200:
                told = await events(answer)
    assert told.endswith(b'event: closed\ndata: {"reason":"TOKEN_EXPIRED"}\n\n')
    assert reason(await stage.http.get("/v1/live", headers=headers)) == (401, "TOKEN_EXPIRED")


async def test_a_gateway_that_stops_ends_streams_at_once(tmp_path: Path) -> None:
    settings = without_nats(without_redis(Settings()))
    told: list[Any] = []
    async with asyncio.timeout(60):
        async with scene(tmp_path, {"Judge": judge}, settings).served() as stage:
            opened = asyncio.Event()
            client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{stage.port}")

            async def watch() -> None:
                async with (
                    client,
                    client.stream("GET", "/v1/live", headers=stage.signed_in()) as answer,
                ):
                    opened.set()
                    told.append(await events(answer))

            watching = asyncio.create_task(watch())
            await opened.wait()
            assert not watching.done()
        await watching
    assert told == [b"retry: 1000\n\n"]
