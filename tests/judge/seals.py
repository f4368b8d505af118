"""Opens what is sealed: texts, public ids, positions (docs/reference/log-format.md)."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Final
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

NONCE: Final = 12
ACCOUNT, SESSION, POST, COMMENT = 1, 2, 3, 4
"""Kinds of public ids."""


def purpose_key(root: bytes, purpose: str, size: int = 32) -> bytes:
    """The key for one purpose, made from a key file's bytes."""
    return hashlib.blake2b(key=root, person=purpose.encode(), digest_size=size).digest()


class Texts:
    """Opens the texts of people. `wrapped` holds their keys as the vault has them."""

    def __init__(self, master_key: bytes, wrapped: Mapping[str, bytes | None]) -> None:
        wrapping = AESGCM(purpose_key(master_key, "agora.wrap"))
        self._keys: dict[str, AESGCM | None] = {}
        for person, value in wrapped.items():
            if value is None:
                self._keys[person] = None
                continue
            key = wrapping.decrypt(value[:NONCE], value[NONCE:], UUID(person).bytes)
            self._keys[person] = AESGCM(key)

    def open(self, person: str, kind: str, field: str, sealed: bytes) -> str:
        """The text in a field of an event of that kind; empty if the person's key was destroyed.

        Raises KeyError without a key, ValueError or InvalidTag for what was not sealed so.
        """
        key = self._keys[person]
        if key is None:
            return ""
        if sealed[:1] != b"\x01":
            raise ValueError(f"{kind}.{field} of {person} is no seal.")
        bound = UUID(person).bytes + f"{kind}.{field}".encode()
        return key.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], bound).decode()


class Public:
    """Opens public ids and positions."""

    def __init__(self, id_key: bytes) -> None:
        self._id_key = id_key
        self._positions = AESSIV(purpose_key(id_key, "agora.seal", 64))
        self._block = cache(self._restoring)
        self.id = cache(self._opened)
        self.position = cache(self._position)

    def _restoring(self, kind: int) -> Cipher[modes.ECB]:
        return Cipher(algorithms.AES(purpose_key(self._id_key, f"agora.id.{kind}")), modes.ECB())

    def _opened(self, kind: int, text: str) -> str:
        """The id, as text, behind a public id."""
        restore = self._block(kind).decryptor()
        return str(UUID(bytes=restore.update(_bytes(text[1:]))))

    def _position(self, text: str) -> Mapping[str, int]:
        """Partition to offset; nothing for an empty text."""
        if not text:
            return {}
        payload = self._positions.decrypt(_bytes(text[1:]), [b"position"])
        topics = msgspec.msgpack.decode(payload, type=dict[str, dict[int, int]])
        return {
            f"{topic}-{number}": offset
            for topic, offsets in topics.items()
            for number, offset in offsets.items()
        }


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
