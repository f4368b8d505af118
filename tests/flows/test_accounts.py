"""Accounts and sessions, from registering to signing out."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.auth.tokens import open_tokens
from tests.flows.town import PASSWORD, Someone, Town, fresh_key, reason

pytestmark = pytest.mark.flows


def test_people_sign_in_by_address_and_by_handle(town: Town) -> None:
    ana = town.newcomer()
    for login in (str(ana.form["email"]).upper(), ana.handle):
        ana.see("/v1/account")
        answer = town.http.post("/v1/sessions", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        again = Someone(town, ana.form, answer.json())
        assert again.id == ana.id
        assert again.see("/v1/account")["email"] == ana.form["email"]


def test_every_failed_sign_in_is_answered_alike(town: Town) -> None:
    ana = town.newcomer()
    ana.see("/v1/account")
    wrong = ({"login": ana.handle, "password": "not this one"},
             {"login": "nobody_at_all", "password": PASSWORD},
             {"login": "nobody@example.org", "password": PASSWORD})  # fmt: skip
    bodies = []
    for form in wrong:
        answer = town.http.post("/v1/sessions", json=form)
        assert reason(answer) == (401, "SIGN_IN_FAILED")
        bodies.append({**answer.json(), "correlationId": ""})
    assert bodies[0] == bodies[1] == bodies[2]


def test_a_token_dies_with_its_session_and_no_other_does(town: Town) -> None:
    ana = town.newcomer()
    ana.see("/v1/account")
    form = {"login": ana.handle, "password": PASSWORD}
    other = Someone(town, ana.form, town.http.post("/v1/sessions", json=form).json())
    other.see("/v1/account")
    assert ana.do("DELETE", "/v1/sessions/current")["receipt"]["everywhere"]
    for verb, path in (("GET", "/v1/account"), ("PUT", f"/v1/people/{other.id}/follow")):
        assert reason(ana.ask(verb, path)) == (401, "SESSION_CLOSED")
    assert other.ask("GET", "/v1/account").status_code == 200


def test_a_former_handle_is_kept_for_whoever_left_it(town: Town) -> None:
    ana, ben = town.newcomer(), town.newcomer()
    former, later = ana.handle, f"{ana.handle}_b"
    ana.do("PATCH", "/v1/account", json={"updateMask": "handle", "handle": later})
    assert ben.see(f"/v1/handles/{later}", after=ana)["accountId"] == ana.id
    assert reason(ben.ask("GET", f"/v1/handles/{former}")) == (404, "NOT_FOUND")

    wanted = {"updateMask": "handle", "handle": former}
    assert reason(ben.ask("PATCH", "/v1/account", json=wanted)) == (409, "HANDLE_TAKEN")
    taken = town.http.post("/v1/accounts", json={**town.form(), "handle": former})
    assert reason(taken) == (409, "HANDLE_TAKEN")
    ana.do("PATCH", "/v1/account", json=wanted)
    assert ana.see("/v1/account")["profile"]["handle"] == former


def test_an_address_belongs_to_one_account_whatever_the_case(town: Town) -> None:
    ana = town.newcomer()
    form = {**town.form(), "email": str(ana.form["email"]).upper()}
    assert reason(town.http.post("/v1/accounts", json=form)) == (409, "EMAIL_TAKEN")
    # The refused one holds nothing: the handle is there for the next.
    assert town.newcomer(handle=form["handle"]).handle == form["handle"]


def test_the_profile_shows_strangers_of_a_private_account_little(town: Town) -> None:
    ana, ben = town.newcomer(private=True, about="For friends."), town.newcomer()
    seen = ben.see(f"/v1/people/{ana.id}", after=ana)
    assert (seen["handle"], seen.get("about", "")) == (ana.handle, "")
    ben.follow(ana)
    ana.do("PUT", f"/v1/account/requests/{ben.id}/acceptance")
    assert ben.see(f"/v1/people/{ana.id}", after=ana)["about"] == "For friends."


def test_a_repeated_command_answers_as_at_first_and_does_nothing(town: Town) -> None:
    form, key = town.form(), {"Idempotency-Key": fresh_key()}
    first, second = (town.http.post("/v1/accounts", json=form, headers=key).json() for _ in "12")
    assert first["accountId"] == second["accountId"]
    assert first["sessionId"] == second["sessionId"]
    assert first["receipt"]["position"] == second["receipt"]["position"]
    other = town.http.post("/v1/accounts", json={**form, "lastName": "Melo"}, headers=key)
    assert reason(other) == (409, "REQUEST_ID_REUSED")


def test_a_token_that_has_ended_or_was_touched_is_worthless(town: Town) -> None:
    ana = town.newcomer()
    tokens = open_tokens(town.settings)
    caller = tokens.verify(ana.token, datetime.now(UTC))
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    ana.token, _ = tokens.issue(caller.account_id, caller.session_id, long_ago)
    assert reason(ana.ask("GET", "/v1/account")) == (401, "TOKEN_EXPIRED")
    ana.token = ana.token[:-6] + "AAAAAA"
    assert reason(ana.ask("GET", "/v1/account")) == (401, "TOKEN_INVALID")
