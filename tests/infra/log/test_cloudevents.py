"""Events as documents that any CloudEvents reader understands. ANA registers."""

import json

import msgspec
import pytest

from events.accounts import AccountRegistered, ProfileUpdated, VisibilityChanged, account_stream
from events.codec import Cipher
from events.record import Decision
from events.topics import Partition
from infra.log.cloudevents import HIDDEN, documents, persons_of
from tests.infra.log.journal import Journal, foreign_fact, numbered

ANA = numbered(1)
PEOPLE = Partition("people", 2)
HIDES = VisibilityChanged(account_id=ANA, private=True)
RENAMES = ProfileUpdated(account_id=ANA, first_name="Ana")
REGISTERS = AccountRegistered(
    account_id=ANA,
    email="ana@example.org",
    first_name="Ana",
    last_name="Sá",
    birth_date="1990-01-31",
    handle="ana",
    about="",
    private=False,
    email_hash="email:1",
    email_claim=numbered(2),
    handle_hash="handle:1",
    handle_claim=numbered(3),
)


class Reversing:
    """A cipher that anyone can read, but not by accident."""

    def seal(self, person: object, context: str, text: str) -> bytes:
        return text[::-1].encode()

    def open(self, person: object, context: str, sealed: bytes) -> str | None:
        return sealed.decode()[::-1]


class Gone(Reversing):
    """The keys were destroyed."""

    def open(self, person: object, context: str, sealed: bytes) -> str | None:
        return None


def decided(*events: AccountRegistered | VisibilityChanged | ProfileUpdated) -> Decision:
    journal = Journal(str(ANA), Reversing())
    journal.claim()
    return journal.decide(*events)


def test_a_document_says_what_where_and_when() -> None:
    decision = decided(HIDES)
    [document] = documents(PEOPLE, 41, decision)
    assert json.loads(msgspec.json.encode(document)) == {
        "specversion": "1.0",
        "id": f"{decision.id}/0",
        "source": "/log/people/2",
        "type": "account.visibility_changed",
        "subject": account_stream(ANA),
        "time": "2026-03-01T12:00:01Z",
        "datacontenttype": "application/json",
        "data": {"account_id": str(ANA), "private": True},
        "streamversion": 1,
        "partitionkey": str(ANA),
        "sequence": "0000000000000000041.000000",
        "offset": "41",
        "rpc": "accounts.SetVisibility",
    }


def test_attribute_names_are_those_that_cloudevents_allows() -> None:
    [document] = documents(PEOPLE, 41, decided(HIDES))
    names = set(msgspec.structs.asdict(document))
    assert all(name.isalnum() and name.islower() and len(name) <= 20 for name in names)


def test_every_event_of_a_decision_has_an_id_of_its_own() -> None:
    shown = documents(PEOPLE, 41, decided(HIDES, RENAMES))
    assert len({document.id for document in shown}) == 2
    assert [document.streamversion for document in shown] == [1, 2]


def test_personal_fields_are_hidden() -> None:
    [document] = documents(PEOPLE, 41, decided(REGISTERS))
    assert document.data["email"] == document.data["birth_date"] == HIDDEN
    assert document.data["email_hash"] == "email:1"
    assert b"example.org" not in msgspec.json.encode(document)


def test_a_field_that_was_not_set_is_not_even_hidden() -> None:
    [document] = documents(PEOPLE, 41, decided(RENAMES))
    assert document.data == {"account_id": str(ANA), "first_name": HIDDEN}


@pytest.mark.parametrize(("cipher", "shown"), [(Reversing(), "Ana"), (Gone(), "")])
def test_a_cipher_opens_what_it_can(cipher: Cipher, shown: str) -> None:
    [document] = documents(PEOPLE, 41, decided(RENAMES), cipher)
    assert document.data["first_name"] == shown


def test_a_type_from_the_future_shows_its_data_as_it_is() -> None:
    journal = Journal(str(ANA))
    journal.claim()
    fact = foreign_fact("account.teleported", account_stream(ANA), 1, place="Rome")
    [document] = documents(PEOPLE, 41, journal.decision(fact))
    assert (document.type, document.data) == ("account.teleported", {"place": "Rome"})


def test_an_old_type_shows_as_its_successor() -> None:
    journal = Journal(str(ANA))
    journal.claim()
    data = {"account_id": str(ANA), "visibility": "private"}
    fact = foreign_fact("account.visibility_set", account_stream(ANA), 1, **data)
    [document] = documents(PEOPLE, 41, journal.decision(fact))
    assert document.type == "account.visibility_changed"
    assert document.data == {"account_id": str(ANA), "private": True}


def test_it_knows_whose_keys_it_takes() -> None:
    assert persons_of(decided(REGISTERS, HIDES)) == {ANA}
    assert persons_of(decided(HIDES)) == set()
