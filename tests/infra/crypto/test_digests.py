"""Digests are the same for the same name or request, and tell nothing without the key."""

import re
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.crypto.digests import Digests, caseless, new_uuid7, request_time
from infra.crypto.uuid7 import is_uuid7
from schemas.refusals import Invalid

DIGESTS = Digests(bytes(range(32)))
OTHERS = Digests(bytes(32))
NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
REQUEST = new_uuid7(NOON)
ANA, BEN = new_uuid7(NOON), new_uuid7(NOON)


@pytest.mark.parametrize(
    "spelling",
    ["Ana.Lópéz@Example.org", "ANA.LÓPÉZ@EXAMPLE.ORG", "ana.lo\u0301pe\u0301z@example.org"],
)
def test_all_spellings_of_a_name_have_one_digest(spelling: str) -> None:
    assert DIGESTS.name("email", spelling) == DIGESTS.name("email", "ana.lópéz@example.org")


@pytest.mark.parametrize(
    ("spelling", "plain"),
    [("ｓｔｅﬃ", "steffi"), ("ᴬna", "ana"), ("℡", "tel"), ("Straße", "strasse")],
)
def test_compatible_characters_are_the_plain_ones(spelling: str, plain: str) -> None:
    assert DIGESTS.name("handle", spelling) == DIGESTS.name("handle", plain)


def test_other_names_kinds_and_keys_have_other_digests() -> None:
    digests = {
        DIGESTS.name("handle", "ana"),
        DIGESTS.name("handle", "ann"),
        DIGESTS.name("email", "ana"),
        OTHERS.name("handle", "ana"),
    }
    assert len(digests) == 4


def test_a_names_digest_says_its_kind_and_does_not_show_the_name() -> None:
    digest = DIGESTS.name("email", "ana@example.org")
    assert re.fullmatch(r"email:[0-9a-f]{32}", digest)
    assert re.fullmatch(r"handle:[0-9a-f]{32}", DIGESTS.name("handle", "ana"))


def test_names_of_the_log_keep_their_digest_for_ever() -> None:
    assert DIGESTS.name("handle", "ana") == "handle:b31330e777e9a9a3e164025dd783a2eb"


@given(st.text())
def test_comparing_names_in_their_compared_form_changes_nothing(text: str) -> None:
    assert caseless(caseless(text)) == caseless(text)


@given(st.text())
def test_case_and_composition_never_matter(text: str) -> None:
    assert caseless(text.casefold()) == caseless(text)


def test_bodies_have_16_bytes_that_differ_with_body_and_key() -> None:
    body = DIGESTS.body(b"follow ben")
    assert len(body) == 16
    assert body == DIGESTS.body(b"follow ben")
    assert body not in {DIGESTS.body(b"follow clo"), OTHERS.body(b"follow ben")}


def test_a_derived_id_is_the_same_each_time_and_of_the_requests_moment() -> None:
    derived = DIGESTS.derived_id(REQUEST, ANA, "session")
    assert derived == DIGESTS.derived_id(REQUEST, ANA, "session")
    assert is_uuid7(derived)
    assert request_time(derived) == DIGESTS.request_time(REQUEST) == NOON


def test_a_derived_id_differs_with_request_actor_purpose_and_key() -> None:
    derived = {
        DIGESTS.derived_id(REQUEST, ANA, "session"),
        DIGESTS.derived_id(new_uuid7(NOON), ANA, "session"),
        DIGESTS.derived_id(REQUEST, BEN, "session"),
        DIGESTS.derived_id(REQUEST, None, "session"),
        DIGESTS.derived_id(REQUEST, UUID(int=0), "session"),
        DIGESTS.derived_id(REQUEST, ANA, "account"),
        OTHERS.derived_id(REQUEST, ANA, "session"),
        REQUEST,
    }
    assert len(derived) == 8


def test_nothing_derives_from_a_request_id_of_another_version() -> None:
    with pytest.raises(Invalid) as refused:
        DIGESTS.derived_id(uuid4(), ANA, "session")
    assert refused.value.reason == "REQUEST_ID_INVALID"
