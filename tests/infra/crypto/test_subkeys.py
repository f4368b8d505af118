"""Subkeys of different purposes have nothing in common."""

import pytest

from infra.crypto.subkeys import subkey

ROOT = bytes(range(32))
PURPOSES = [
    "agora.wrap",
    "agora.name",
    "agora.body",
    "agora.id",
    "agora.seal",
    "agora.id.1",
    "agora.id.2",
    "agora.internal",
]


def test_each_purpose_has_a_key_of_its_own_that_stays_the_same() -> None:
    keys = {subkey(ROOT, purpose) for purpose in PURPOSES}
    assert len(keys) == len(PURPOSES)
    assert keys == {subkey(ROOT, purpose) for purpose in PURPOSES}


def test_another_root_key_gives_other_subkeys() -> None:
    assert subkey(ROOT, "agora.name") != subkey(bytes(32), "agora.name")


def test_it_has_the_size_asked_for() -> None:
    assert len(subkey(ROOT, "agora.seal", size=64)) == 64


@pytest.mark.parametrize("root", [b"", bytes(31), bytes(33)])
def test_a_root_key_of_another_size_is_refused_without_being_shown(root: bytes) -> None:
    with pytest.raises(ValueError, match="has 32 bytes"):
        subkey(root, "agora.name")


@pytest.mark.parametrize("purpose", ["", "a purpose too long"])
def test_a_purpose_must_be_there_and_short(purpose: str) -> None:
    with pytest.raises(ValueError, match=r"purpose|person"):
        subkey(ROOT, purpose)
