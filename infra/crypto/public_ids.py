"""Public ids: they reveal no order or time, and are useless as ids of another type.

The id's 16 bytes are one block of AES, permuted under a key for each type. Nothing is added, so
nothing authenticates: a made-up public id opens to an id that does not exist.
"""

from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from infra.crypto.base64url import decoded, encoded
from infra.crypto.subkeys import subkey
from infra.crypto.uuid7 import is_uuid7
from schemas.refusals import Invalid, NotFound

_VERSION: Final = "1"
_LENGTH: Final = len(_VERSION) + 22


class PublicIds:
    """Public ids under the deployment's id key (32 bytes). For one thread, as the event loop is."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._blocks: dict[int, tuple[CipherContext, CipherContext]] = {}

    def seal(self, kind: int, id: UUID) -> str:  # noqa: A002  # The word is right.
        """The public form, 23 characters, of an id of type `kind` (`agora.options.v1.Id`).

        Raises ValueError unless it is a UUIDv7: no other could be opened again.
        """
        if not is_uuid7(id):
            raise ValueError("Only ids that are UUIDs of version 7 have a public form.")
        permute, _ = self._block(kind)
        return _VERSION + encoded(permute.update(id.bytes))

    def open(self, kind: int, text: str) -> UUID:
        """The id inside.

        Raises Invalid ID_MALFORMED for what no `seal` gives; NotFound NOT_FOUND for an id of
        another type, or a made-up one, unless it looks like an id by chance, which 63 of 64 do not.
        """
        _, restore = self._block(kind)
        id = UUID(bytes=restore.update(_block_of(text)))  # noqa: A001
        if not is_uuid7(id):
            raise NotFound("NOT_FOUND", "There is no such thing.")
        return id

    def _block(self, kind: int) -> tuple[CipherContext, CipherContext]:
        """The permutation of a type and its inverse, kept since making them costs more than use."""
        if kind not in self._blocks:
            key = algorithms.AES(subkey(self._key, f"agora.id.{kind}"))
            # A single block under a key of its own has no pattern for this mode to show.
            cipher = Cipher(key, modes.ECB())  # noqa: S305
            self._blocks[kind] = (cipher.encryptor(), cipher.decryptor())
        return self._blocks[kind]


def _block_of(text: str) -> bytes:
    if len(text) != _LENGTH or not text.startswith(_VERSION):
        raise _malformed()
    try:
        return decoded(text.removeprefix(_VERSION))
    except ValueError:
        raise _malformed() from None


def _malformed() -> Invalid:
    return Invalid("ID_MALFORMED", "This id was not issued here.")
