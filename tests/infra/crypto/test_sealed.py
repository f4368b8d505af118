"""Sealed texts open unchanged, for their purpose only, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.crypto.sealed import TEXT_MAX, Seals
from schemas.refusals import Invalid

SEALS = Seals(bytes(range(32)))
PAYLOAD = b"people-3 at 42"
SEALED = SEALS.seal("cursor", PAYLOAD)


@given(st.binary(max_size=200))
def test_a_payload_comes_back_and_the_text_suits_urls(payload: bytes) -> None:
    text = SEALS.seal("cursor", payload)
    assert SEALS.open("cursor", text, "CURSOR_INVALID") == payload
    assert text.replace("-", "").replace("_", "").isalnum()
    assert text.isascii()


def test_the_same_payload_gives_the_same_text() -> None:
    assert SEALS.seal("cursor", PAYLOAD) == Seals(bytes(range(32))).seal("cursor", PAYLOAD)


def test_the_text_does_not_show_the_payload() -> None:
    assert "people" not in SEALED
    assert SEALS.seal("cursor", PAYLOAD + b"1")[:20] != SEALED[:20]


def test_it_opens_for_no_other_purpose_and_under_no_other_key() -> None:
    for seals, purpose in [(SEALS, "position"), (Seals(bytes(32)), "cursor")]:
        with pytest.raises(Invalid):
            seals.open(purpose, SEALED, "CURSOR_INVALID")


@given(st.integers(0, len(SEALED) - 1), st.sampled_from("ABYZabyz0189-_=é"))
def test_every_changed_character_is_noticed(place: int, character: str) -> None:
    changed = SEALED[:place] + character + SEALED[place + 1 :]
    if changed == SEALED:
        return
    with pytest.raises(Invalid):
        SEALS.open("cursor", changed, "CURSOR_INVALID")


@given(st.integers(0, len(SEALED) - 1))
def test_every_truncation_is_noticed(length: int) -> None:
    with pytest.raises(Invalid):
        SEALS.open("cursor", SEALED[:length], "CURSOR_INVALID")


def test_the_caller_gives_the_reason_and_the_text_is_not_repeated() -> None:
    with pytest.raises(Invalid) as refused:
        SEALS.open("cursor", "1planted", "CURSOR_INVALID")
    assert refused.value.reason == "CURSOR_INVALID"
    assert "planted" not in str(refused.value)


def test_texts_are_bounded_both_ways() -> None:
    with pytest.raises(ValueError, match="too long"):
        SEALS.seal("cursor", bytes(TEXT_MAX))
    with pytest.raises(Invalid):
        SEALS.open("cursor", "1" + "A" * TEXT_MAX, "CURSOR_INVALID")
