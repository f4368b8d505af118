"""The token by which Agora's own processes recognise each other.

Every process of a deployment reads the same digest key; who can make this token has it. It opens
internal methods and makes a gateway's word on client addresses count. It says nothing about
persons: those show access tokens, whoever carries them.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Callable
from typing import Final

from infra.crypto.subkeys import subkey

PURPOSE: Final = "agora.internal"
LIFE_S: Final = 2 * 3600
"""Both ways, so that a host whose clock is an hour off is not cut off from the others."""
RENEWAL_S: Final = 60

_SHAPE = re.compile(r"([0-9]{1,15})\.([0-9a-f]{64})")


class InternalTokens:
    """Makes and checks the token. `key` is the deployment's digest key, 32 bytes."""

    def __init__(self, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._key = subkey(key, PURPOSE)
        self._clock = clock
        self._token = ""
        self._renewed_at = 0

    def issue(self) -> str:
        """A token of at most a minute's age."""
        now = int(self._clock())
        if not self._token or abs(now - self._renewed_at) >= RENEWAL_S:
            self._token = f"{now}.{self._signature(str(now))}"
            self._renewed_at = now
        return self._token

    def accepts(self, token: str) -> bool:
        """Whether a process of this deployment made `token` within the last two hours."""
        match = _SHAPE.fullmatch(token)
        if match is None:
            return False
        made_at, signature = match.groups()
        return (
            hmac.compare_digest(signature, self._signature(made_at))
            and abs(int(self._clock()) - int(made_at)) <= LIFE_S
        )

    def _signature(self, made_at: str) -> str:
        return hmac.new(self._key, made_at.encode(), hashlib.sha256).hexdigest()
