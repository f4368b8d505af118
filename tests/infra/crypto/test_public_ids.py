"""Public ids open to what they were made from, for their own type only."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.crypto.public_ids import PublicIds
from infra.crypto.uuid7 import new_uuid7
from schemas.refusals import Invalid, NotFound, Refusal

ACCOUNT, SESSION = 1, 2
IDS = PublicIds(bytes(range(32)))
NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
ANA = UUID("0190163d-8694-739b-aea5-966c26f8ad90")


def test_an_id_comes_back() -> None:
    for _ in range(100):
        drawn = new_uuid7(NOON)
        assert IDS.open(ACCOUNT, IDS.seal(ACCOUNT, drawn)) == drawn


def test_it_is_short_safe_in_urls_and_the_same_for_ever() -> None:
    assert IDS.seal(ACCOUNT, ANA) == "1nDYSJw_6baKt9G8QaTrcmw"


def test_another_process_with_the_same_key_opens_it() -> None:
    assert PublicIds(bytes(range(32))).open(ACCOUNT, IDS.seal(ACCOUNT, ANA)) == ANA


def test_ids_of_neighbouring_moments_look_unrelated() -> None:
    drawn = [new_uuid7(NOON + timedelta(milliseconds=step)) for step in range(50)]
    sealed = [IDS.seal(ACCOUNT, one) for one in drawn]
    assert sealed != sorted(sealed)
    assert len({text[:4] for text in sealed}) > 40


def test_an_id_of_another_type_names_nothing() -> None:
    drawn = [new_uuid7(NOON) for _ in range(400)]
    opened = [opened_as(SESSION, IDS.seal(ACCOUNT, one)) for one in drawn]
    assert opened.count("NOT_FOUND") > 360
    assert not set(opened) & set(drawn)


def opened_as(kind: int, text: str) -> object:
    """The reason of the refusal, or the id: of a random block one in 64 looks like an id."""
    try:
        return IDS.open(kind, text)
    except NotFound as refused:
        return refused.reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        str(ANA),
        "2" + IDS.seal(ACCOUNT, ANA)[1:],
        IDS.seal(ACCOUNT, ANA) + "A",
        IDS.seal(ACCOUNT, ANA)[:-1],
        IDS.seal(ACCOUNT, ANA)[:-1] + "B",
        IDS.seal(ACCOUNT, ANA)[:-2] + "==",
        "1" + "é" * 22,
        "1" + "\0" * 22,
        "A" * 100_000,
    ],
)
def test_what_was_never_given_out_is_malformed(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        IDS.open(ACCOUNT, text)
    assert refused.value.reason == "ID_MALFORMED"
    assert not text or text not in str(refused.value)


@given(st.text(max_size=30) | st.from_regex(r"1[A-Za-z0-9_-]{22}", fullmatch=True))
def test_no_text_does_worse_than_a_refusal(text: str) -> None:
    try:
        opened = IDS.open(ACCOUNT, text)
    except Refusal:
        return
    assert IDS.seal(ACCOUNT, opened) == text


def test_ids_of_other_versions_have_no_public_form() -> None:
    with pytest.raises(ValueError, match="version 7"):
        IDS.seal(ACCOUNT, uuid4())
