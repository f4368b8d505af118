"""Accounts as their callers see them."""

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from events.accounts import AccountRegistered, HandleChanged, ProfileUpdated, SessionOpened
from schemas.gen import accounts_pb2 as pb
from schemas.refusals import Conflict, Invalid, Unauthenticated
from tests.commands.cast import NOON
from tests.commands.rpc.side import Side, registration
from tests.commands.sagas.newcomers import request


def sign_in(login: str, password: str = "brass-owl-fog-9") -> pb.SignInRequest:
    return pb.SignInRequest(login=login, password=password, device="Phone")


def update(*paths: str, **fields: str) -> pb.UpdateProfileRequest:
    return pb.UpdateProfileRequest(update_mask=FieldMask(paths=paths), **fields)


async def test_registering_signs_in_with_a_token_that_works() -> None:
    side = Side()
    answer = await side.call(registration())
    assert answer.handle == "ana"
    assert answer.access_expires_at.ToDatetime(NOON.tzinfo) == NOON + timedelta(minutes=15)
    await side.call(pb.SetVisibilityRequest(private=True), token=answer.access_token)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "not an address"),
        ("email", "ana@localhost"),
        ("password", "short"),
        ("password", "1234567890"),
        ("password", "ana@example.org"),
        ("first_name", "Ana1"),
        ("last_name", "   "),
        ("birth_date", "2020-01-01"),
        ("birth_date", "2003-02-29"),
        ("handle", "Ana!"),
        ("about", "a" * 2001),
        ("device", "d" * 101),
    ],
)
async def test_each_fault_is_named_at_its_field_and_nothing_is_claimed(
    field: str, value: str
) -> None:
    side = Side()
    with pytest.raises(Invalid) as refused:
        await side.call(registration(**({"handle": "ana"} | {field: value})))
    assert (refused.value.reason, set(refused.value.fields)) == ("INVALID_FIELDS", {field})
    assert not side.submitter.taken


async def test_the_same_request_again_gets_the_same_account_from_another_address() -> None:
    side = Side()
    first = await side.call(registration(), key=request(1), headers={"agora-address": "192.0.2.1"})
    second = await side.call(registration(), key=request(1), headers={"agora-address": "192.0.2.9"})
    assert (second.account_id, second.session_id) == (first.account_id, first.session_id)
    assert len(side.submitter.recorded(AccountRegistered, SessionOpened)) == 2


@pytest.mark.parametrize(
    "changes", [{"about": "Another"}, {"password": "gravel-tin-sea-4"}, {"private": True}]
)
async def test_the_same_request_with_another_body_is_refused(changes: dict[str, Any]) -> None:
    side = Side()
    await side.call(registration(), key=request(1))
    with pytest.raises(Conflict, match="REQUEST_ID_REUSED"):
        await side.call(registration(**changes), key=request(1))


async def test_no_record_tells_the_password() -> None:
    side = Side()
    await side.call(registration(), key=request(1))
    logged = repr(side.submitter.log) + repr(side.submitter.taken)
    assert "brass-owl" not in logged
    assert "ana@example.org" in logged


@pytest.mark.parametrize("login", ["ana@example.org", "ANA@Example.ORG", "ana", " ana "])
async def test_signing_in_by_email_or_handle_opens_a_session(login: str) -> None:
    side = Side()
    registered = await side.call(registration())
    answer = await side.call(sign_in(login))
    assert (answer.account_id, answer.handle) == (registered.account_id, "ana")
    assert answer.session_id != registered.session_id


async def test_signing_in_never_says_what_was_wrong() -> None:
    side = Side()
    await side.call(registration())
    answers = set()
    for attempt in (
        sign_in("ana", "wrong-password-1"),
        sign_in("ana@example.org", "wrong-password-1"),
        sign_in("nobody"),
        sign_in("nobody@example.org"),
        sign_in("no @ address"),
    ):
        with pytest.raises(Unauthenticated) as refused:
            await side.call(attempt)
        answers.add((str(refused.value), tuple(refused.value.fields)))
    assert answers == {("SIGN_IN_FAILED: The login or the password is wrong.", ())}


async def test_two_accounts_that_sign_in_under_one_request_id_get_sessions_of_their_own() -> None:
    side = Side()
    await side.call(registration())
    await side.call(registration("ben@example.org"))
    ana = await side.call(sign_in("ana"), key=request(5))
    ben = await side.call(sign_in("ben"), key=request(5))
    assert ana.session_id != ben.session_id
    again = await side.call(sign_in("ana"), key=request(5))
    assert again.session_id == ana.session_id


async def test_a_token_is_worthless_after_signing_out() -> None:
    side = Side()
    token = (await side.call(registration())).access_token
    answer = await side.call(pb.SignOutRequest(), token=token)
    assert answer.receipt.everywhere
    with pytest.raises(Unauthenticated, match="SESSION_CLOSED"):
        await side.call(pb.SignOutRequest(), token=token)


@pytest.mark.parametrize("waits", [False, None])
async def test_what_is_not_yet_everywhere_is_accepted_all_the_same(waits: bool | None) -> None:
    side = Side()
    token = (await side.call(registration())).access_token
    side.reads.waits = waits
    answer = await side.call(pb.SetVisibilityRequest(private=True), token=token)
    assert not answer.receipt.everywhere
    position = side.positions.open(answer.receipt.position)
    assert position == side.reads.waited[0]


async def test_receipts_never_go_back_behind_the_position_of_the_call() -> None:
    side = Side()
    token = (await side.call(registration())).access_token
    sealed = side.positions.seal({"people-0": 7, "people-1": 7, "people-2": 7, "people-3": 7})
    answer = await side.call(
        pb.SetVisibilityRequest(private=True), token=token, headers={"agora-position": sealed}
    )
    assert set(side.positions.open(answer.receipt.position).values()) == {7}


async def test_the_mask_says_what_of_the_profile_changes() -> None:
    side = Side()
    token = (await side.call(registration())).access_token
    await side.call(update("about", about=" Hi ", first_name="Not me"), token=token)
    changed = side.submitter.recorded(ProfileUpdated)
    assert [(e.about, bool(e.first_name)) for e in changed if isinstance(e, ProfileUpdated)] == [
        (" Hi ", False)
    ]


async def test_profile_and_handle_change_together() -> None:
    side = Side()
    token = (await side.call(registration())).access_token
    both = update("about", "handle", about="Hi", handle="anita")
    await side.call(both, token=token)
    assert len(side.submitter.recorded(ProfileUpdated, HandleChanged)) == 2
    assert (await side.call(sign_in("anita"))).handle == "anita"
    with pytest.raises(Unauthenticated, match="SIGN_IN_FAILED"):
        await side.call(sign_in("ana"))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (update(), "update_mask"),
        (update("update_mask"), "update_mask"),
        (update("handle"), "handle"),
        (update("first_name", first_name="R2D2"), "first_name"),
        (update("last_name"), "last_name"),
        (update("birth_date"), "birth_date"),
    ],
)
async def test_a_change_to_nothing_or_nonsense_is_refused(
    change: pb.UpdateProfileRequest, field: str
) -> None:
    side = Side()
    token = (await side.call(registration())).access_token
    with pytest.raises(Invalid) as refused:
        await side.call(change, token=token)
    assert set(refused.value.fields) == {field}


async def test_repeating_a_change_under_its_request_id_records_it_once() -> None:
    side = Side()
    token = (await side.call(registration())).access_token
    for _ in range(2):
        await side.call(update("about", about="Hi"), token=token, key=request(3))
    assert len(side.submitter.recorded(ProfileUpdated)) == 1
