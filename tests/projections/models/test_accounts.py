"""What the accounts model makes of each event."""

from uuid import UUID

import pytest

from events.accounts import (
    AccountRegistered,
    HandleChanged,
    ProfileUpdated,
    RegistrationAbandoned,
    SessionClosed,
    SessionOpened,
    VisibilityChanged,
)
from events.event import Event
from projections.models.accounts import ACCOUNTS, MODEL, SESSIONS, hints
from projections.operations import Hint
from projections.tables import Row
from tests.projections.folding import ANA, BEN, at, rows_of

LAPTOP = UUID(int=0x1A)
PHONE = UUID(int=0x1B)
CLAIM = UUID(int=0x2A)


RENAMED = HandleChanged(
    account_id=ANA,
    handle="anna",
    handle_hash="handle:2",
    handle_claim=CLAIM,
    previous_hash="handle:1",
    previous_claim=CLAIM,
)


def registered(account: UUID = ANA) -> AccountRegistered:
    return AccountRegistered(
        account_id=account,
        email="ana@example.org",
        first_name="Ana",
        last_name="Ruiz",
        birth_date="1990-01-31",
        handle="ana",
        about="",
        private=True,
        email_hash="email:1",
        email_claim=CLAIM,
        handle_hash="handle:1",
        handle_claim=CLAIM,
    )


def opened(session: UUID) -> SessionOpened:
    return SessionOpened(account_id=ANA, session_id=session, device="Laptop", address="::1")


def account_after(*events: Event) -> Row:
    [row] = rows_of(MODEL, ACCOUNTS, events)
    return row


def test_a_registered_person_is_one_row() -> None:
    assert account_after(registered()) == {
        "account_id": ANA,
        "email": "ana@example.org",
        "email_hash": "email:1",
        "first_name": "Ana",
        "last_name": "Ruiz",
        "birth_date": "1990-01-31",
        "handle": "ana",
        "handle_hash": "handle:1",
        "about": "",
        "registered_at": at(0),
        "written_in": "people-0",
        "written_offset": 0,
    }


def test_a_profile_update_changes_what_it_names() -> None:
    row = account_after(registered(), ProfileUpdated(account_id=ANA, about="Hills", last_name=""))
    assert (row["first_name"], row["last_name"], row["about"]) == ("Ana", "", "Hills")
    assert row["registered_at"] == at(0)


def test_an_update_that_names_nothing_changes_nothing() -> None:
    assert account_after(registered(), ProfileUpdated(account_id=ANA)) == account_after(
        registered()
    )


def test_a_new_handle_takes_the_place_of_the_old() -> None:
    row = account_after(registered(), RENAMED)
    assert (row["handle"], row["handle_hash"]) == ("anna", "handle:2")


@pytest.mark.parametrize(
    ("event", "moves"),
    [
        (ProfileUpdated(account_id=ANA, about="Hills"), True),
        (RENAMED, True),
        (ProfileUpdated(account_id=ANA), False),
        (VisibilityChanged(account_id=ANA, private=False), False),
    ],
    ids=["profile", "handle", "nothing", "visibility"],
)
def test_what_a_person_says_is_kept_with_where_it_stands_in_the_log(
    event: Event, moves: bool
) -> None:
    assert account_after(registered(), opened(PHONE), event)["written_offset"] == 2 * moves


def test_an_abandoned_registration_leaves_no_row() -> None:
    abandoned = RegistrationAbandoned(account_id=BEN, claim_id=CLAIM)
    assert rows_of(MODEL, ACCOUNTS, [abandoned]) == []


def test_a_closed_session_stays_with_its_reason_and_the_others_stay_open() -> None:
    closed = SessionClosed(account_id=ANA, session_id=LAPTOP, reason="signed out")
    rows = rows_of(MODEL, SESSIONS, [opened(LAPTOP), opened(PHONE), closed])
    by_id = {row["session_id"]: row for row in rows}
    assert (by_id[LAPTOP]["closed_at"], by_id[LAPTOP]["close_reason"]) == (at(2), "signed out")
    assert (by_id[PHONE]["closed_at"], by_id[PHONE]["close_reason"]) == (None, None)


def test_a_closed_session_is_news_for_the_pages_that_it_had_open() -> None:
    closed = SessionClosed(account_id=ANA, session_id=LAPTOP, reason="signed out")
    assert list(hints(closed)) == [Hint("session.closed", ANA, (LAPTOP,))]
