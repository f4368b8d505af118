"""Events in the log: sealed, opened, erased, old, unknown and damaged."""

from uuid import UUID

import msgspec
import pytest
from msgspec import Raw

from events import codec
from events.accounts import ProfileUpdated, SessionOpened, VisibilityChanged
from events.codec import ERASED, Blind, UnknownEventType
from events.event import Event
from events.graph import FollowEstablished
from events.record import DamagedRecord, Fact

ANA, BEN = UUID(int=1), UUID(int=2)


class Mirror:
    """A cipher that anybody can read: the text backwards, with what it is bound to."""

    def __init__(self) -> None:
        self.gone: set[UUID] = set()

    def seal(self, person: UUID, context: str, text: str) -> bytes:
        """The text backwards."""
        return f"{person}|{context}|{text[::-1]}".encode()

    def open(self, person: UUID, context: str, sealed: bytes) -> str | None:
        """The text, if it was sealed for this place and the person has a key."""
        bound, text = f"{person}|{context}|", sealed.decode()
        assert text.startswith(bound)
        return None if person in self.gone else text.removeprefix(bound)[::-1]


def written(event: Event, cipher: Mirror) -> Fact:
    """The event as the first fact of a stream."""
    return codec.encode(event, "stream-1", 1, cipher)


def test_an_event_without_personal_fields_stays_readable() -> None:
    event = FollowEstablished(target_id=ANA, follower_id=BEN)
    fact = written(event, Mirror())
    assert (fact.type, fact.stream, fact.version) == ("follow.established", "stream-1", 1)
    assert codec.sealed_by(fact) is None
    assert codec.decode(fact, Blind()) == event


def test_a_personal_field_is_sealed_under_its_persons_key() -> None:
    event = SessionOpened(account_id=ANA, session_id=BEN, device="Lynx", address="127.0.0.1")
    fact = written(event, Mirror())
    assert b"Lynx" not in bytes(fact.data)
    assert codec.sealed_by(fact) == ANA
    assert codec.decode(fact, Mirror()) == event


def test_an_unset_personal_field_stays_unset() -> None:
    event = ProfileUpdated(account_id=ANA, about="I paint.")
    assert codec.decode(written(event, Mirror()), Mirror()) == event


def test_without_its_key_a_field_reads_as_erased_every_time() -> None:
    cipher = Mirror()
    fact = written(ProfileUpdated(account_id=ANA, about="I paint."), cipher)
    cipher.gone.add(ANA)
    assert codec.decode(fact, cipher) == ProfileUpdated(account_id=ANA, about=ERASED)


STORED_BEFORE_PRIVATE_WAS_A_QUESTION = bytes.fromhex(
    "82aa6163636f756e745f6964d92430303030303030302d303030302d303030302d303030302d3030303030303030"
    "30303031aa7669736962696c697479a770726976617465"
)


def test_an_old_record_reads_as_the_type_that_replaced_it() -> None:
    data = Raw(STORED_BEFORE_PRIVATE_WAS_A_QUESTION)
    fact = Fact("account.visibility_set", "account-1", 3, data)
    assert codec.decode(fact, Blind()) == VisibilityChanged(account_id=ANA, private=True)


def test_a_type_from_the_future_is_named() -> None:
    with pytest.raises(UnknownEventType, match=r"dance\.danced"):
        codec.decode(Fact("dance.danced", "dance-1", 1, Raw(b"\x80")), Blind())


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("follow.established", {"target_id": "nobody"}),
        ("follow.established", ["not", "a", "map"]),
        ("session.opened", {"session_id": str(BEN)}),
        ("session.opened", {"account_id": 7}),
        ("account.visibility_set", {"account_id": str(ANA)}),
    ],
)
def test_data_that_is_not_of_its_type_is_damage(kind: str, data: object) -> None:
    fact = Fact(kind, "stream-1", 1, Raw(msgspec.msgpack.encode(data)))
    with pytest.raises(DamagedRecord):
        codec.decode(fact, Blind())


@pytest.mark.parametrize("device", [7, "Lynx", None])
def test_a_personal_field_that_is_not_sealed_is_damage(device: object) -> None:
    data = {"account_id": str(ANA), "session_id": str(BEN), "device": device, "address": b"sealed"}
    fact = Fact("session.opened", "stream-1", 1, Raw(msgspec.msgpack.encode(data)))
    with pytest.raises(DamagedRecord, match=r"session\.opened\.device"):
        codec.decode(fact, Blind())


def test_a_fact_that_names_no_account_is_damage_to_those_who_collect_keys() -> None:
    fact = Fact("session.opened", "stream-1", 1, Raw(msgspec.msgpack.encode({})))
    with pytest.raises(DamagedRecord):
        codec.sealed_by(fact)
