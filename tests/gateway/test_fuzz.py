"""Whatever is sent, the answer is one of ours: never a fault, always with a correlation id."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.json_text import parsed
from gateway.openapi import document
from gateway.operations import operations_of
from schemas.refusals import Invalid
from tests.gateway.conftest import ANSWERS
from tests.gateway.stage import BEN, Scene, scene

ROUTES = [
    "/v1/accounts",
    "/v1/sessions",
    "/v1/account",
    "/v1/account/visibility",
    "/v1/people",
    "/v1/account/muted",
]
VERBS = ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW"]
NAMES = [
    "login", "password", "device", "email", "firstName", "first_name", "birthDate", "private",
    "updateMask", "about", "pageSize", "cursor", "accountIds", "nothing", "",
]  # fmt: skip
KNOWN_HEADERS = [
    "authorization", "idempotency-key", "agora-position", "traceparent", "content-type",
    "x-forwarded-for", "user-agent", "accept", "expect", "agora-correlation", "agora-internal",
]  # fmt: skip
MANY = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=8,
)
bodies = st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode())
raw = st.binary(max_size=40).map(lambda data: re.sub(rb"[\r\n\x00]", b"?", data))
paths = st.sampled_from(ROUTES).map(str.encode) | raw.map(lambda tail: b"/v1/people/" + tail)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Scene]:
    """One gateway for all examples of a test."""
    async with scene(tmp_path, ANSWERS).served() as serving:
        yield serving


async def exchanged(port: int, request: bytes) -> bytes:
    """The raw answer to raw bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        writer.write_eof()
        return await asyncio.wait_for(reader.read(), 60)
    finally:
        writer.close()


def request_bytes(
    verb: str, target: bytes, headers: list[tuple[str, bytes]], body: bytes, token: str
) -> bytes:
    lines = [verb.encode() + b" " + target.replace(b" ", b"%20") + b" HTTP/1.1", b"host: a"]
    lines += [name.encode() + b": " + value for name, value in headers]
    lines += [b"authorization: Bearer " + token.encode()] if token else []
    lines += [b"content-length: %d" % len(body), b"connection: close", b"", body]
    return b"\r\n".join(lines)


@MANY
@given(
    verb=st.sampled_from(VERBS),
    path=paths,
    query=st.none() | raw,
    headers=st.lists(st.tuples(st.sampled_from(KNOWN_HEADERS), raw), max_size=4),
    body=bodies,
    typed=st.booleans(),
    signed_in=st.booleans(),
)
async def test_no_request_is_a_fault(
    stage: Scene,
    verb: str,
    path: bytes,
    query: bytes | None,
    headers: list[tuple[str, bytes]],
    body: bytes,
    typed: bool,
    signed_in: bool,
) -> None:
    token = stage.signed_in()["Authorization"].removeprefix("Bearer ") if signed_in else ""
    if typed:
        headers = [("content-type", b"application/json"), *headers]
    target = path if query is None else path + b"?" + query
    answer = await exchanged(stage.port, request_bytes(verb, target, headers, body, token))
    status = int(answer.split(b" ", 2)[1])
    assert status < 500
    assert status == 400 or b"agora-correlation-id" in answer


@MANY
@given(body=st.dictionaries(st.sampled_from(NAMES), json_values))
async def test_no_json_is_a_fault(stage: Scene, body: dict[str, Any]) -> None:
    content = json.dumps(body)
    headers = stage.signed_in() | {"Content-Type": "application/json"}
    for verb, path in [("POST", "/v1/accounts"), ("PATCH", "/v1/account")]:
        answer = await stage.http.request(verb, path, content=content, headers=headers)
        assert answer.status_code in (200, 400)
        if answer.status_code == 400:
            assert answer.json()["reason"] in ("INVALID_FIELDS", "JSON_MALFORMED")


@MANY
@given(query=st.lists(st.tuples(st.sampled_from(NAMES), st.text(max_size=20)), max_size=4))
async def test_no_query_is_a_fault(stage: Scene, query: list[tuple[str, str]]) -> None:
    usable = httpx.QueryParams(tuple(query))
    path = f"/v1/people/{stage.account(BEN)}/followers"
    answer = await stage.http.get(path, params=usable, headers=stage.signed_in())
    assert answer.status_code in (200, 400)


@MANY
@given(body=st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_json_or_refused(body: bytes) -> None:
    with suppress(Invalid):
        value = parsed(body)
        assert parsed(json.dumps(value).encode()) == value


def test_every_operation_is_described_with_schemas_that_are_there(tmp_path: Path) -> None:
    made = scene(tmp_path)
    described = document(operations_of(made.backends(), made.ids))
    text = json.dumps(described)
    for reference in set(re.findall(r'"#/components/(\w+)/(\w+)"', text)):
        kind, name = reference
        assert name in described["components"][kind]
