"""Input that is wrong is refused with a reason, at the field, and never reaches a method."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.codec_read import TWICE, UNKNOWN
from infra.config import Settings
from schemas.gen import options_pb2
from tests.gateway.stage import ANA, SESSION, Scene, scene, without_redis

JSON = {"Content-Type": "application/json"}

BODIES: list[tuple[str, bytes, str, dict[str, str]]] = [
    ("no JSON", b"{", "JSON_MALFORMED", {}),
    ("nothing", b"", "JSON_MALFORMED", {}),
    ("two values", b"{}{}", "JSON_MALFORMED", {}),
    ("a mark in front", b"\xef\xbb\xbf{}", "JSON_MALFORMED", {}),
    ("no UTF-8", b'{"login": "\xff"}', "JSON_MALFORMED", {}),
    ("a member twice", b'{"login": "a", "login": "b"}', "JSON_MALFORMED", {"login": TWICE}),
    ("not a number", b'{"login": NaN}', "JSON_MALFORMED", {}),
    ("a raw control", b'{"login": "a\x00"}', "JSON_MALFORMED", {}),
    ("depth without end", b"[" * 60_000, "JSON_MALFORMED", {}),
    ("a number without end", b'{"login": ' + b"9" * 5000 + b"}", "JSON_MALFORMED", {}),
    ("a list", b"[]", "INVALID_FIELDS", {"": "must be an object"}),
    ("an unknown field", b'{"logn": "a"}', "INVALID_FIELDS", {"logn": UNKNOWN}),
    ("a name to echo", b'{"<b>": 1}', "INVALID_FIELDS", {"": UNKNOWN}),
    ("both spellings", b'{"firstName": "a", "first_name": "b"}', "INVALID_FIELDS",
     {"firstName": TWICE}),
    ("a number for a text", b'{"about": 1}', "INVALID_FIELDS", {"about": "must be a string"}),
    ("a text for a switch", b'{"private": "true"}', "INVALID_FIELDS",
     {"private": "must be true or false"}),
    ("half a character", b'{"about": "\\ud800"}', "INVALID_FIELDS",
     {"about": "must be Unicode text, without lone surrogates"}),
]  # fmt: skip


@pytest.mark.parametrize(("body", "reason", "fields"), [case[1:] for case in BODIES],
                         ids=[case[0] for case in BODIES])  # fmt: skip
async def test_a_wrong_body_is_refused(
    stage: Scene, body: bytes, reason: str, fields: dict[str, str]
) -> None:
    path = "/v1/sessions" if b"login" in body else "/v1/accounts"
    answer = await stage.http.post(path, content=body, headers=JSON)
    problem = answer.json()
    assert (answer.status_code, problem["reason"]) == (400, reason)
    assert problem.get("fields", {}) == fields
    assert not stage.asked


@pytest.mark.parametrize(
    ("mask", "well"),
    [("about", True), ("about,nonsense", False), ("updateMask", False), (" ", False), (7, False)],
)
async def test_a_mask_names_fields_of_its_request(stage: Scene, mask: Any, well: bool) -> None:
    body = {"updateMask": mask, "about": "x"}
    answer = await stage.http.patch("/v1/account", json=body, headers=stage.signed_in())
    assert (answer.status_code == 200) == well
    if not well:
        assert "updateMask" in answer.json()["fields"]


@pytest.mark.parametrize("control", ["\x00", "\x07", "\u2028", "\u202e", "\uffff"])
async def test_controls_are_refused_at_their_field(stage: Scene, control: str) -> None:
    body = {"login": f"a{control}b", "password": "open sesame"}
    answer = await stage.http.post("/v1/sessions", json=body)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["login"]


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("pageSize=x", {"pageSize"}),
        ("pageSize=1.5", {"pageSize"}),
        ("pageSize=2147483648", {"pageSize"}),
        ("pageSize=101", {"pageSize"}),
        ("pageSize=1&pageSize=2", {"pageSize"}),
        ("page_size=1&pageSize=1", {"pageSize"}),
        ("nothing=1", {"nothing"}),
        ("accountId=1", {"accountId"}),
    ],
)
async def test_a_wrong_query_is_refused_at_its_field(
    stage: Scene, query: str, fields: set[str]
) -> None:
    path = f"/v1/people/{stage.account(ANA)}/followers?{query}"
    answer = await stage.http.get(path, headers=stage.signed_in())
    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == fields
    assert not stage.asked


@pytest.mark.parametrize("query", ["cursor=%ff", "cursor=%4", "cursor", "&".join(["a=1"] * 300)])
async def test_a_query_that_cannot_be_read_is_refused(stage: Scene, query: str) -> None:
    answer = await stage.http.get(f"/v1/account/muted?{query}", headers=stage.signed_in())
    assert (answer.status_code, answer.json()["reason"]) == (400, "QUERY_MALFORMED")


async def test_an_id_of_another_type_is_nobodys(stage: Scene) -> None:
    session = stage.ids.seal(options_pb2.ID_SESSION, SESSION)
    answer = await stage.http.get(f"/v1/people/{session}", headers=stage.signed_in())
    assert (answer.status_code, answer.json()["reason"]) == (404, "NOT_FOUND")


async def test_an_inner_id_is_no_public_id(stage: Scene) -> None:
    answer = await stage.http.get(f"/v1/people/{ANA}", headers=stage.signed_in())
    problem = answer.json()
    assert (answer.status_code, problem["reason"]) == (400, "ID_MALFORMED")
    assert list(problem["fields"]) == ["accountId"]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("Idempotency-Key", "1", "REQUEST_ID_INVALID"),
        ("Idempotency-Key", "0197f1f0-0000-4000-8000-00000000000a", "REQUEST_ID_INVALID"),
        ("Agora-Position", "made-up", "POSITION_INVALID"),
        ("Agora-Position", "\u00e9", "POSITION_INVALID"),
    ],
)
async def test_a_wrong_header_is_refused(stage: Scene, name: str, value: str, reason: str) -> None:
    headers = [*stage.signed_in().items(), (name, value.encode("latin-1"))]
    answer = await stage.http.get("/v1/account", headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["reason"]) == (400, reason)


async def test_a_header_given_twice_is_refused(stage: Scene) -> None:
    headers = [*stage.signed_in().items(), *stage.signed_in().items()]
    answer = await stage.http.get("/v1/account", headers=headers)
    assert answer.json()["reason"] == "METADATA_REPEATED"


@pytest.mark.parametrize(
    "media_type", ["", "text/plain", "application/json; charset=latin-1", "application/jsonp"]
)
async def test_a_body_of_another_type_is_refused(stage: Scene, media_type: str) -> None:
    headers = {"Content-Type": media_type} if media_type else {}
    answer = await stage.http.post("/v1/sessions", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (415, "MEDIA_TYPE_UNSUPPORTED")


@pytest.mark.parametrize(
    "encoding",
    [
        b"content-encoding: gzip\r\ntransfer-encoding: chunked",
        b"content-encoding: identity, br\r\ntransfer-encoding: chunked",
        b"transfer-encoding: gzip, chunked",
    ],
)
async def test_a_compressed_body_is_refused(stage: Scene, encoding: bytes) -> None:
    head = b"POST /v1/sessions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
    sent = b"connection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    answer = await answered(stage, head + encoding + b"\r\n" + sent)
    assert answer.startswith(b"HTTP/1.1 415 ")
    assert b"MEDIA_TYPE_UNSUPPORTED" in answer


async def answered(stage: Scene, request: bytes) -> bytes:
    """All that comes back before the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()


@pytest.mark.parametrize(("verb", "status"), [("OPTIONS", 204), ("GET", 404)])
async def test_the_server_as_a_whole_is_no_address(stage: Scene, verb: str, status: int) -> None:
    request = f"{verb} * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
    answer = await answered(stage, request.encode())
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"text/plain" not in answer


async def test_a_body_where_none_belongs_is_refused(stage: Scene) -> None:
    path = f"/v1/people/{stage.account(ANA)}/follow"
    answer = await stage.http.put(path, json={}, headers=stage.signed_in())
    assert (answer.status_code, answer.json()["reason"]) == (400, "BODY_UNEXPECTED")


async def test_a_body_may_have_64_kib_and_not_a_byte_more(stage: Scene) -> None:
    for size, status in ((65_536, 400), (65_537, 413)):
        body = b'{"nothing": "' + b"x" * (size - 15) + b'"}'
        assert len(body) == size
        told = await stage.http.post("/v1/sessions", content=body, headers=JSON)

        async def chunks(content: bytes = body) -> Any:
            yield content

        untold = await stage.http.post("/v1/sessions", content=chunks(), headers=JSON)
        assert (told.status_code, untold.status_code) == (status, status)


async def test_an_address_and_header_fields_have_a_length(stage: Scene) -> None:
    long = await stage.http.get("/v1/handles/" + "x" * 9000)
    assert (long.status_code, long.json()["reason"]) == (414, "URL_TOO_LONG")
    large = await stage.http.get("/v1/handles/ben", headers={"x": "y" * 40_000})
    assert (large.status_code, large.json()["reason"]) == (431, "HEADERS_TOO_LARGE")


async def test_a_body_that_is_shorter_than_it_says_is_waited_for_until_its_deadline(
    tmp_path: Path,
) -> None:
    settings = Settings()
    hasty = replace(settings, gateway=replace(settings.gateway, body_timeout_ms=200))
    async with scene(tmp_path, base=without_redis(hasty)).served() as serving:
        reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
        head = b"POST /v1/sessions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
        writer.write(head + b'content-length: 100\r\n\r\n{"login":')
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"BODY_TOO_SLOW" in answer


async def test_a_method_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    async def slow(request: Any, call: Any) -> Any:
        await asyncio.sleep(60)

    settings = Settings()
    hasty = replace(settings, gateway=replace(settings.gateway, request_timeout_ms=200))
    async with scene(tmp_path, {"SignOut": slow}, without_redis(hasty)).served() as serving:
        answer = await serving.http.delete("/v1/sessions/current", headers=serving.signed_in())
    assert (answer.status_code, answer.json()["reason"]) == (503, "DEADLINE_PASSED")
    assert answer.headers["retry-after"] == "1"
