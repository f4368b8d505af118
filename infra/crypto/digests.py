"""Keyed digests: without the key, nobody can tell which name or request they stand for.

Names are few and guessable, so a plain hash would be as good as the name itself.
"""

import hashlib
import unicodedata
from datetime import datetime
from typing import Literal
from uuid import UUID

from infra.crypto.subkeys import subkey
from infra.crypto.uuid7 import new_uuid7, request_time, uuid7

__all__ = ["Digests", "NameKind", "new_uuid7", "request_time"]

NameKind = Literal["email", "handle"]


class Digests:
    """Digests under the deployment's digest key (32 bytes). A new key makes all names strangers."""

    def __init__(self, key: bytes) -> None:
        self._names = subkey(key, "agora.name")
        self._bodies = subkey(key, "agora.body")
        self._ids = subkey(key, "agora.id")

    def name(self, kind: NameKind, text: str) -> str:
        """`kind`, a colon and 32 hex digits: the same for all spellings of one name.

        Case, width and the way that characters are composed do not count (Unicode's definition
        D147, compatibility caseless matching).
        """
        message = f"{kind}:{caseless(text)}".encode()
        return f"{kind}:{hashlib.blake2b(message, key=self._names, digest_size=16).hexdigest()}"

    def body(self, payload: bytes) -> bytes:
        """16 bytes that stand for a request's body."""
        return hashlib.blake2b(payload, key=self._bodies, digest_size=16).digest()

    def derived_id(self, request: UUID, actor: UUID | None, purpose: str) -> UUID:
        """The id that this request of this actor gives to what it creates, each time the same.

        A UUIDv7 with the time of `request`. Others cannot guess it, nor make it collide with
        theirs. Raises Invalid REQUEST_ID_INVALID when `request` is no UUIDv7.
        """
        request_time(request)
        # An absent actor and the nil UUID must not be the same.
        who = b"\0" * 17 if actor is None else b"\1" + actor.bytes
        message = request.bytes + who + purpose.encode()
        rest = hashlib.blake2b(message, key=self._ids, digest_size=10).digest()
        return uuid7(int.from_bytes(request.bytes[:6]), rest)

    @staticmethod
    def request_time(request: UUID) -> datetime:
        """When the request id was drawn; raises Invalid REQUEST_ID_INVALID."""
        return request_time(request)


def caseless(text: str) -> str:
    """`text` in the form in which names are compared; applying it twice changes nothing."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFKC", folded.casefold())
