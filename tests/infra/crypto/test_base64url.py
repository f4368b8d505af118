"""Every text stands for other bytes, and only texts that were given out are taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.crypto.base64url import decoded, encoded


@given(st.binary(max_size=64))
def test_bytes_come_back(raw: bytes) -> None:
    assert decoded(encoded(raw)) == raw


@given(st.text(max_size=12) | st.text("AQgw-_=+/ \n", max_size=8))
def test_a_text_is_taken_in_its_one_form_or_refused(text: str) -> None:
    try:
        raw = decoded(text)
    except ValueError:
        return
    assert encoded(raw) == text


@pytest.mark.parametrize("text", ["A", "AB", "AA==", "A A", "+/+/", "é", "AAAA\n", "AA-"])
def test_other_forms_of_the_same_bytes_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        decoded(text)
