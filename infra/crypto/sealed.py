"""Values handed out to come back unread and unchanged: positions, cursors.

AES-SIV (RFC 5297) needs no nonce: a busy deployment seals more in a week than is safe with
the random nonces of GCM under one key, and the same payload gives the same text, so that a repeated
request is answered with the very bytes of its first time.
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from infra.crypto.base64url import decoded, encoded
from infra.crypto.subkeys import subkey
from schemas.refusals import Invalid

TEXT_MAX: Final = 8192
"""Longest sealed text, in characters: what a header still carries."""

_VERSION: Final = "1"


class Seals:
    """Seals under the deployment's id key (32 bytes)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(subkey(key, "agora.seal", size=64))

    def seal(self, purpose: str, payload: bytes) -> str:
        """`payload` as text for URLs and headers, which opens for the same purpose only.

        Raises ValueError when the text would be longer than `TEXT_MAX`.
        """
        text = _VERSION + encoded(self._cipher.encrypt(payload, [purpose.encode()]))
        if len(text) > TEXT_MAX:
            raise ValueError(f"A {purpose} of {len(payload)} bytes is too long to be sealed.")
        return text

    def open(self, purpose: str, text: str, reason: str) -> bytes:
        """The payload; raises Invalid with `reason` for anything but what `seal` gave."""
        try:
            if len(text) > TEXT_MAX or not text.startswith(_VERSION):
                raise ValueError("This was never sealed.")
            return self._cipher.decrypt(decoded(text.removeprefix(_VERSION)), [purpose.encode()])
        except (ValueError, InvalidTag):
            raise Invalid(reason, f"This {purpose} was not issued here.") from None
