"""Bad input at the edge of the whole: each kind has its status and its reason, and no effect."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.crypto.uuid7 import new_uuid7
from tests.flows.town import Someone, Town, fresh_key, reason

pytestmark = pytest.mark.flows

LONG_NAME = "\U00020000" * 81
UPDATE = "updateMask"
TODAY = datetime.now(UTC).date()


@pytest.fixture(scope="module")
def ana(town: Town) -> Someone:
    """Somebody signed in."""
    return town.newcomer()


def years_ago(years: int, days: int = 0) -> str:
    """A date that many years before a day near today."""
    day = TODAY + timedelta(days=days)
    return day.replace(year=day.year - years, day=min(day.day, 28)).isoformat()


REGISTRATIONS: list[tuple[str, object]] = [
    ("email", ""), ("email", "no sign"), ("email", "a@"), ("email", "a b@example.org"),
    ("email", "a@example..org"), ("email", "a" * 250 + "@b.co"), ("email", "a\u0000@example.org"),
    ("password", ""), ("password", "nine char"), ("password", "p" * 129),
    ("password", "1234567890"), ("password", "aaaaaaaaaaaa"),
    ("firstName", ""), ("firstName", LONG_NAME), ("firstName", "Ana1"), ("firstName", "Ana\tLima"),
    ("firstName", "<b>Ana</b>"), ("firstName", " - ."), ("firstName", "Ana\u202e"),
    ("lastName", ""), ("lastName", LONG_NAME), ("lastName", "Lima_"), ("lastName", "Li\u0000ma"),
    ("birthDate", ""), ("birthDate", "1990-02-30"), ("birthDate", "90-1-1"),
    ("birthDate", years_ago(13, days=40)), ("birthDate", years_ago(122)),
    ("birthDate", "2999-01-01"),
    ("handle", "ab"), ("handle", "a" * 31), ("handle", "Ana_lima"), ("handle", "ana-lima"),
    ("handle", "ан_лима"),
    ("about", "a" * 2001), ("about", "bell\u0007"), ("about", "\u2028"),
    ("device", "d" * 101),
    ("private", "yes"), ("email", 7), ("about", ["a"]), ("unknown", 1), ("__proto__", {}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), REGISTRATIONS)
def test_a_registration_is_refused_for(town: Town, field: str, value: object) -> None:
    answer = town.http.post("/v1/accounts", json={**town.form(), field: value})
    assert reason(answer) == (400, "INVALID_FIELDS")
    assert field in answer.json()["fields"]


def test_a_password_that_is_the_address_or_the_handle_is_refused(town: Town) -> None:
    for same in ("email", "handle"):
        form = town.form()
        answer = town.http.post("/v1/accounts", json={**form, "password": form[same]})
        assert reason(answer) == (400, "INVALID_FIELDS")
        assert list(answer.json()["fields"]) == ["password"]


AT_THE_BOUND: list[Mapping[str, object]] = [
    {"firstName": "\U00020000" * 80, "lastName": "O'Neil-de la Cruz Jr."},
    {"firstName": "Zoe\u0308", "lastName": "ก็"},
    {"password": "p4ssw0rd:)"}, {"password": "pä" * 64},
    {"about": "e\u0301" * 2000}, {"about": "\U0001f600" * 1999 + "\n"},
    {"birthDate": years_ago(14)}, {"birthDate": years_ago(119)},
    {"device": "d" * 100},
]  # fmt: skip


@pytest.mark.parametrize("changed", AT_THE_BOUND)
def test_a_registration_just_within_the_rules_is_taken(
    town: Town, changed: Mapping[str, object]
) -> None:
    assert town.newcomer(**changed).see("/v1/account")["birthDate"]


UPDATES: list[Mapping[str, object]] = [
    {}, {UPDATE: ""}, {UPDATE: "password"}, {UPDATE: "nonsense"}, {UPDATE: "about,about.x"},
    {UPDATE: ["about"]}, {UPDATE: "about", "about": "a" * 2001}, {UPDATE: "firstName"},
    {UPDATE: "handle", "handle": ""}, {UPDATE: "birthDate", "birthDate": "2020-01-01"},
]  # fmt: skip


@pytest.mark.parametrize("form", UPDATES)
def test_a_change_of_profile_is_refused_for(ana: Someone, form: Mapping[str, object]) -> None:
    before = ana.see("/v1/account")
    assert reason(ana.ask("PATCH", "/v1/account", json=form)) == (400, "INVALID_FIELDS")
    assert ana.see("/v1/account") == before


NO_JSON: list[tuple[bytes, Mapping[str, str], tuple[int, str]]] = [
    (b"login=a", {"content-type": "application/x-www-form-urlencoded"},
     (415, "MEDIA_TYPE_UNSUPPORTED")),
    (b"{}", {}, (415, "MEDIA_TYPE_UNSUPPORTED")),
    (b"", {"content-type": "application/json"}, (400, "JSON_MALFORMED")),
    (b"{", {"content-type": "application/json"}, (400, "JSON_MALFORMED")),
    (b"\xff\xfe{}", {"content-type": "application/json"}, (400, "JSON_MALFORMED")),
    (b'{"login":"a","login":"b"}', {"content-type": "application/json"}, (400, "JSON_MALFORMED")),
    (b"[]", {"content-type": "application/json"}, (400, "INVALID_FIELDS")),
    (b"NaN", {"content-type": "application/json"}, (400, "JSON_MALFORMED")),
    (b'{"login":"' + b"a" * (64 << 10) + b'"}', {"content-type": "application/json"},
     (413, "BODY_TOO_LARGE")),
]  # fmt: skip


@pytest.mark.parametrize(("body", "headers", "expected"), NO_JSON)
def test_a_body_is_refused_that_is(
    town: Town, body: bytes, headers: Mapping[str, str], expected: tuple[int, str]
) -> None:
    answer = town.http.post("/v1/sessions", content=body, headers=headers)
    assert reason(answer) == expected


def test_a_body_without_a_told_length_is_bounded_as_well(town: Town) -> None:
    chunks = (b" " * 8192 for _ in range(9))
    headers = {"content-type": "application/json"}
    answer = town.http.post("/v1/sessions", content=chunks, headers=headers)
    assert reason(answer) == (413, "BODY_TOO_LARGE")


ADDRESSES: list[tuple[str, str, tuple[int, str]]] = [
    ("GET", "/v1/nothing", (404, "ROUTE_UNKNOWN")),
    ("GET", "/v1/people/", (404, "ROUTE_UNKNOWN")),
    ("GET", "/v1/people/%ff", (400, "PATH_MALFORMED")),
    ("GET", "/v1/people/me", (400, "ID_MALFORMED")),
    ("GET", "/v1/handles/No-Handle", (400, "INVALID_FIELDS")),
    ("GET", "/v1/people", (400, "INVALID_FIELDS")),
    ("GET", "/v1/account?x=1", (400, "INVALID_FIELDS")),
    ("GET", "/v1/account?%", (400, "QUERY_MALFORMED")),
    ("GET", "/v1/account/requests?pageSize=101", (400, "INVALID_FIELDS")),
    ("GET", "/v1/account/requests?pageSize=-1", (400, "INVALID_FIELDS")),
    ("GET", "/v1/account/requests?pageSize=9999999999", (400, "INVALID_FIELDS")),
    ("GET", "/v1/account/requests?pageSize=1&pageSize=2", (400, "INVALID_FIELDS")),
    ("GET", "/v1/account/requests?cursor=nonsense", (400, "CURSOR_INVALID")),
    ("GET", "/v1/account/requests?cursor=" + "a" * 1025, (400, "INVALID_FIELDS")),
    ("GET", "/v1/people?" + "accountIds=a&" * 1000, (414, "URL_TOO_LONG")),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "path", "expected"), ADDRESSES)
def test_an_address_is_refused_that_is(
    ana: Someone, verb: str, path: str, expected: tuple[int, str]
) -> None:
    # Written out here, since the client would mend some of these.
    headers = {"Authorization": f"Bearer {ana.token}"}
    if expected[0] != 414 and "%" not in path:
        assert reason(ana.town.http.request(verb, path, headers=headers)) == expected
        return
    url = ana.town.http.base_url.copy_with(raw_path=path.encode())
    assert reason(ana.town.http.request(verb, url, headers=headers)) == expected


def test_a_wrong_method_is_told_the_right_ones(ana: Someone) -> None:
    answer = ana.ask("POST", "/v1/account")
    assert reason(answer) == (405, "METHOD_NOT_ALLOWED")
    assert {"GET", "PATCH"} <= set(answer.headers["allow"].split(", "))


def test_request_ids_have_a_form_and_a_time(town: Town, ana: Someone) -> None:
    ben, now = town.newcomer(), datetime.now(UTC)
    path = f"/v1/people/{ben.id}/follow"
    for key, expected in (
        ("nonsense", "REQUEST_ID_INVALID"),
        (str(uuid4()), "REQUEST_ID_INVALID"),
        (str(new_uuid7(now - timedelta(hours=25))), "REQUEST_ID_TOO_OLD"),
        (str(new_uuid7(now + timedelta(hours=1))), "REQUEST_ID_IN_FUTURE"),
    ):
        assert reason(ana.ask("PUT", path, key=key)) == (400, expected)
        form = town.http.post("/v1/accounts", json=town.form(), headers={"Idempotency-Key": key})
        assert reason(form) == (400, expected)
    doubled = [("Authorization", f"Bearer {ana.token}"), *[("Idempotency-Key", fresh_key())] * 2]
    assert reason(town.http.put(path, headers=doubled)) == (400, "METADATA_REPEATED")
    assert ben.handles(f"/v1/people/{ben.id}/followers") == []


def test_ids_of_another_type_and_invented_ones_name_nobody(town: Town, ana: Someone) -> None:
    signed_in = town.http.post("/v1/accounts", json=town.form()).json()
    invented = ana.id[:1] + base64.urlsafe_b64encode(bytes(range(16))).decode().rstrip("=")
    for other in (signed_in["sessionId"], invented):
        for verb, path in (("GET", f"/v1/people/{other}"), ("PUT", f"/v1/people/{other}/follow")):
            assert reason(ana.ask(verb, path)) == (404, "NOT_FOUND")
    # A plain UUID is never an id out here, be it right.
    assert reason(ana.ask("GET", f"/v1/people/{uuid4()}")) == (400, "ID_MALFORMED")


def test_a_cursor_serves_only_its_viewer_and_its_list(town: Town, ana: Someone) -> None:
    eve, fans = town.newcomer(), [town.newcomer() for _ in range(2)]
    for fan in fans:
        fan.follow(ana)
    path = f"/v1/people/{ana.id}/followers"
    cursor = ana.see(path, after=fans[1], pageSize=1)["nextCursor"]
    assert ana.ask("GET", path, cursor=cursor).status_code == 200
    turned = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    half = cursor[: len(cursor) // 2]
    for viewer, place, tried in (
        (eve, path, cursor),
        (ana, f"/v1/people/{ana.id}/following", cursor),
        (ana, f"/v1/people/{eve.id}/followers", cursor),
        (ana, path, turned),
        (ana, path, half),
    ):
        eve.see("/v1/account")
        assert reason(viewer.ask("GET", place, cursor=tried)) == (400, "CURSOR_INVALID")


def test_positions_are_those_that_were_given_out(ana: Someone) -> None:
    turned = ana.position[:-2] + ("AA" if ana.position[-2:] != "AA" else "BB")
    for position in ("nonsense", turned, ana.position * 50):
        answer = ana.ask("GET", "/v1/account", position=position)
        assert reason(answer) == (400, "POSITION_INVALID")


def test_only_our_own_tokens_count(town: Town, ana: Someone) -> None:
    claims = jwt.decode(ana.token, options={"verify_signature": False})
    header = jwt.get_unverified_header(ana.token)
    pem = town.settings.auth.signing_key_file.read_bytes()
    public = serialization.load_pem_private_key(pem, None).public_key()
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    mine = Ed25519PrivateKey.generate()
    kept = {name: value for name, value in header.items() if name != "alg"}
    forged = (
        "nonsense",
        jwt.encode(claims, "", "none", headers=kept),
        jwt.encode(claims, raw, "HS256", headers=kept),
        jwt.encode(claims, mine, "EdDSA", headers=kept),
        ana.token.rsplit(".", 1)[0] + ".",
    )
    for token in forged:
        answer = town.http.get("/v1/account", headers={"Authorization": f"Bearer {token}"})
        assert reason(answer) == (401, "TOKEN_INVALID")
    assert reason(town.http.get("/v1/account")) == (401, "SIGN_IN_REQUIRED")
    basic = town.http.get("/v1/account", headers={"Authorization": "Basic YTpi"})
    assert reason(basic) == (401, "TOKEN_INVALID")


def test_nobody_does_it_to_themselves(ana: Someone) -> None:
    for deed in ("follow", "block", "mute"):
        assert reason(ana.ask("PUT", f"/v1/people/{ana.id}/{deed}")) == (400, "NOT_ONESELF")
