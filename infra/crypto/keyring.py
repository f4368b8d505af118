"""The cipher of personal data, with people's keys in memory, fetched ahead of use.

Sealing and opening never wait, so writers and readers name the persons of a batch first: `ensure`
before sealing, `load` before opening. Either keeps a key at hand for `HELD_S`. One that nobody
asked for in that time leaves memory: whoever asks next has it read again anyway.

A destroyed key is gone at once from the ring of the process that destroys it. Other processes
learn of it when they read the vault again: no key is used for longer than `USABLE_S` after it
was read. Nothing but time needs to work for that, neither a message nor a connection.
"""

import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from events.record import DamagedRecord
from infra.crypto.key_vault import NONCE_BYTES, Found, KeyVault
from infra.postgres.pool import Pool

USABLE_S: Final = 60.0
"""Age, since it was read, from which a key is not used any more."""
HELD_S: Final = 30.0
"""How long a key stays usable after `ensure` and `load`, which read it again if need be."""
CIPHERS_MAX: Final = 2000
"""Keys that are set up to be used at once, at 2.5 KB each; setting up costs more than sealing."""

_VERSION: Final = b"\x01"


class _Entry:
    """A key, None if it was destroyed; when it was read, and when last asked for."""

    __slots__ = ("key", "read_at", "wanted_at")

    def __init__(self, key: bytes | None, now: float) -> None:
        self.key = key
        self.read_at = self.wanted_at = now

    def __repr__(self) -> str:
        return "_Entry(...)"


async def open_keyring(pool: Pool, master_key: bytes) -> "KeyRing":
    """A ring over the vault in `pool`, whose tables are there (`key_vault.TABLES`).

    Raises SettingError when `master_key` is not the one that the vault was made with, Unavailable
    without PostgreSQL.
    """
    vault = KeyVault(pool, master_key)
    await vault.verify()
    return KeyRing(vault)


class KeyRing:
    """`events.codec.Cipher` and `infra.crypto.port.Keys`, for one process."""

    def __init__(self, vault: KeyVault, clock: Callable[[], float] = time.monotonic) -> None:
        self._vault = vault
        self._clock = clock
        # In the order in which they were last asked for.
        self._entries: dict[UUID, _Entry] = {}
        self._ciphers: dict[UUID, AESGCM] = {}
        self._destructions = 0

    def __len__(self) -> int:
        """How many persons' keys are in memory."""
        return len(self._entries)

    async def ensure(self, persons: Sequence[UUID]) -> None:
        """Makes a durable key for each person and keeps it at hand.

        One round trip for all that are not at hand yet. A destroyed key is not made again: to
        seal for that person raises KeyError. Raises Unavailable while PostgreSQL is away.
        """
        await self._bring(self._vault.ensure, persons)

    async def load(self, persons: Sequence[UUID]) -> None:
        """Keeps the existing keys of these persons at hand; raises Unavailable."""
        await self._bring(self._vault.load, persons)

    async def destroy(self, person: UUID) -> None:
        """Makes whatever is sealed for this person unreadable for good; raises Unavailable.

        Append the fact of the erasure before, so that readers expect it.
        """
        try:
            await self._vault.destroy(person)
        finally:
            # The outcome may be unknown; the vault is asked again either way.
            self._destructions += 1
            self._drop(person)

    def seal(self, person: UUID, context: str, text: str) -> bytes:
        """The ciphertext; raises KeyError unless the person's key was ensured before."""
        cipher = self._cipher(person)
        if cipher is None:
            raise KeyError(f"The key of person {person} was destroyed.")
        nonce = os.urandom(NONCE_BYTES)
        bound = _bound(person, context)
        return _VERSION + nonce + cipher.encrypt(nonce, text.encode(), bound)

    def open(self, person: UUID, context: str, sealed: bytes) -> str | None:
        """The text, or None if the key was destroyed.

        Raises KeyError when the key was not loaded, or never made: a vault that lost a key must
        not pass for an erasure. Raises DamagedRecord for what was not sealed so.
        """
        cipher = self._cipher(person)
        if cipher is None:
            return None
        version, nonce, rest = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            if version != _VERSION:
                raise ValueError("This is no version of a seal.")
            return cipher.decrypt(nonce, rest, _bound(person, context)).decode()
        except (InvalidTag, ValueError):
            raise DamagedRecord(f"{context} of person {person} does not open.") from None

    def _cipher(self, person: UUID) -> AESGCM | None:
        """The person's key, ready to be used; None if it was destroyed."""
        entry = self._entries.get(person)
        if entry is None or self._clock() - entry.read_at >= USABLE_S:
            raise KeyError(f"No key of person {person} is at hand: ensure or load it before.")
        if entry.key is None:
            return None
        cipher = self._ciphers.get(person)
        if cipher is None:
            cipher = self._ciphers[person] = AESGCM(entry.key)
            if len(self._ciphers) > CIPHERS_MAX:
                del self._ciphers[next(iter(self._ciphers))]
        return cipher

    async def _bring(
        self, read: Callable[[Sequence[UUID]], Awaitable[Found]], persons: Sequence[UUID]
    ) -> None:
        stale = self._stale(persons)
        while stale:
            destructions, now = self._destructions, self._clock()
            found = await read(stale)
            # What was read before a destruction may hold the very key that is gone.
            if destructions == self._destructions:
                for person in found:
                    self._drop(person)
                    self._entries[person] = _Entry(found[person], now)
                self._forget()
                break

    def _stale(self, persons: Sequence[UUID]) -> list[UUID]:
        """Those of `persons` to be read, once each; the others are marked as asked for."""
        now = self._clock()
        stale = []
        for person in dict.fromkeys(persons):
            entry = self._entries.get(person)
            if entry is None or now - entry.read_at > USABLE_S - HELD_S:
                stale.append(person)
            else:
                entry.wanted_at = now
                self._entries[person] = self._entries.pop(person)
        return stale

    def _drop(self, person: UUID) -> None:
        self._entries.pop(person, None)
        self._ciphers.pop(person, None)

    def _forget(self) -> None:
        """Drops what nobody holds."""
        now = self._clock()
        while self._entries:
            oldest = next(iter(self._entries))
            if now - self._entries[oldest].wanted_at < HELD_S:
                break
            self._drop(oldest)


def _bound(person: UUID, context: str) -> bytes:
    """What a ciphertext is tied to; the person's 16 bytes cannot run into the context."""
    return person.bytes + context.encode()
