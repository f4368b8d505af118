"""Requests over HTTP: what reaches the side behind, and what comes back."""

from typing import Any

import pytest

from gateway.scalars import NOBODY
from schemas.gen import options_pb2
from tests.gateway.stage import ANA, BEN, REQUEST, SESSION, Scene

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SIGN_IN = {"login": "ana", "password": "open sesame"}


async def test_a_body_in_either_spelling_reaches_the_method(stage: Scene) -> None:
    for first, birth in (("firstName", "birthDate"), ("first_name", "birth_date")):
        newcomer = {"email": "a@example.org", "password": "open sesame", first: "Ana",
                    "lastName": "Okri", birth: "1990-01-02", "private": True}  # fmt: skip
        answer = await stage.http.post("/v1/accounts", json=newcomer)
        assert answer.status_code == 200
        request, _ = stage.asked[-1]
        assert (request.first_name, request.birth_date, request.private) == (
            "Ana", "1990-01-02", True,
        )  # fmt: skip


async def test_ids_are_sealed_on_the_way_out_and_opened_on_the_way_in(stage: Scene) -> None:
    answer = await stage.http.post("/v1/sessions", json=SIGN_IN)
    assert answer.json()["accountId"] == stage.account(ANA)
    assert answer.json()["sessionId"] == stage.ids.seal(options_pb2.ID_SESSION, SESSION)
    path = f"/v1/people/{stage.account(BEN)}/follow"
    await stage.http.put(path, headers=stage.signed_in())
    assert stage.asked[-1][0].account_id == str(BEN)
    assert stage.asked[-1][1].account == ANA


async def test_an_answer_has_every_plain_field_and_large_numbers_as_text(stage: Scene) -> None:
    answer = await stage.http.get("/v1/handles/ben", headers=stage.signed_in())
    assert answer.json() == {
        "accountId": stage.account(BEN),
        "handle": "ben",
        "firstName": "",
        "lastName": "",
        "about": "",
        "private": False,
        "followers": str(1 << 60),
        "following": "0",
        "relation": {
            "self": False,
            "following": "FOLLOW_ESTABLISHED",
            "followedBy": "FOLLOW_UNSPECIFIED",
            "blocked": False,
            "muted": False,
        },
        "registeredAt": "2026-03-01T12:00:00Z",
    }


async def test_a_list_in_the_query_keeps_its_order_and_takes_ids_never_given_out(
    stage: Scene,
) -> None:
    session = stage.ids.seal(options_pb2.ID_SESSION, SESSION)
    ids = [stage.account(BEN), session, stage.account(ANA)]
    answer = await stage.http.get(
        "/v1/people", params={"accountIds": ids}, headers=stage.signed_in()
    )
    assert answer.status_code == 200
    assert list(stage.asked[-1][0].account_ids) == [str(BEN), NOBODY, str(ANA)]


async def test_the_mask_of_a_change_names_fields_as_json_does(stage: Scene) -> None:
    change = {"updateMask": "firstName,about", "firstName": "Ann", "about": "Hi"}
    await stage.http.patch("/v1/account", json=change, headers=stage.signed_in())
    assert list(stage.asked[-1][0].update_mask.paths) == ["first_name", "about"]


async def test_header_fields_reach_the_call(stage: Scene) -> None:
    position = stage.positions.seal({"people-1": 7})
    headers = stage.signed_in() | {
        "Idempotency-Key": REQUEST,
        "Agora-Position": position,
        "traceparent": TRACE,
        "User-Agent": "a test",
        "Agora-Address": "203.0.113.9",
        "X-Forwarded-For": "203.0.113.9",
    }
    path = f"/v1/people/{stage.account(BEN)}/follow"
    answer = await stage.http.put(path, headers=headers)
    _, call = stage.asked[-1]
    assert str(call.request) == REQUEST
    assert call.position == {"people-1": 7}
    assert call.traceparent == TRACE
    assert (call.address, call.user_agent) == ("127.0.0.1", "a test")
    assert answer.headers["agora-correlation-id"] == str(call.correlation)
    assert answer.headers["traceparent"] == TRACE


async def test_a_command_tells_its_position(stage: Scene) -> None:
    path = f"/v1/people/{stage.account(BEN)}/follow"
    answer = await stage.http.put(path, headers=stage.signed_in())
    assert answer.headers["agora-position"] == "sealed"
    assert answer.json()["following"] == "FOLLOW_REQUESTED"
    read = await stage.http.get("/v1/handles/ben", headers=stage.signed_in())
    assert "agora-position" not in read.headers


async def test_no_answer_is_kept_or_framed_or_sniffed(stage: Scene) -> None:
    paths = ["/v1/handles/ben", "/v1/nothing", "/healthz", "/docs", "/"]
    for answer in [await stage.http.get(path, headers=stage.signed_in()) for path in paths]:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["agora-correlation-id"]
    kept = await stage.http.get("/v1/handles/ben", headers=stage.signed_in())
    assert kept.headers["cache-control"] == "no-store"


async def test_head_and_options_are_sane(stage: Scene) -> None:
    headers = stage.signed_in()
    head = await stage.http.head("/v1/handles/ben", headers=headers)
    whole = await stage.http.get("/v1/handles/ben", headers=headers)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
    options = await stage.http.options("/v1/sessions")
    assert (options.status_code, options.headers["allow"]) == (204, "OPTIONS, POST")


@pytest.mark.parametrize(
    ("login", "status", "reason"),
    [
        ("taken", 409, "HANDLE_TAKEN"),
        ("away", 503, "STORE_UNAVAILABLE"),
        ("bug", 500, "INTERNAL"),
    ],
)
async def test_a_refusal_is_a_problem_with_its_reason(
    stage: Scene, login: str, status: int, reason: str
) -> None:
    answer = await stage.http.post("/v1/sessions", json=SIGN_IN | {"login": login})
    problem: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["reason"]) == (status, status, reason)
    assert problem["type"] == f"/docs#{reason}"
    assert problem["correlationId"] == answer.headers["agora-correlation-id"]
    assert problem["title"]
    assert "secret" not in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)


async def test_faults_found_behind_the_gateway_are_told_in_the_names_of_json(
    stage: Scene,
) -> None:
    answer = await stage.http.post("/v1/accounts", json={"firstName": "x" * 81})
    assert answer.status_code == 400
    assert {"firstName", "lastName", "birthDate"} <= answer.json()["fields"].keys()
    assert "first_name" not in answer.text


async def test_somebody_who_is_not_signed_in_is_told_how(stage: Scene) -> None:
    for headers in ({}, {"Authorization": "Bearer forged"}, {"Authorization": "Basic eDp5"}):
        answer = await stage.http.get("/v1/account", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert not stage.asked


async def test_health_and_readiness_are_told(stage: Scene) -> None:
    assert (await stage.http.get("/healthz")).json() == {"status": "ok"}
    ready = await stage.http.get("/readyz")
    assert (ready.status_code, ready.json()["sides"]) == (200, {"commands": "ok", "queries": "ok"})
