"""The personal-data keys at rest: one row per person, wrapped by the master key.

Destroying a key leaves a tombstone, so that it is never made again, and an erasure can be told
from a vault that lost a key.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.config import SettingError
from infra.crypto.subkeys import subkey
from infra.postgres.pool import Pool, translated

TABLES: Final = (
    """create table if not exists person_keys (
        person uuid primary key,
        wrapped bytea,
        destroyed_at timestamptz,
        check ((wrapped is null) = (destroyed_at is not null)))""",
)

NONCE_BYTES: Final = 12

_ENSURE: Final = """
    with wanted as (select * from unnest(%s::uuid[], %s::bytea[]) as w (person, wrapped)),
    made as (
        insert into person_keys (person, wrapped) select person, wrapped from wanted
        on conflict (person) do nothing returning person, wrapped)
    select person, wrapped from made
    union all
    select person, k.wrapped from person_keys k join wanted using (person)"""

_LOAD: Final = "select person, wrapped from person_keys where person = any(%s)"

_DESTROY: Final = """
    insert into person_keys (person, destroyed_at) values (%s, now())
    on conflict (person) do update
    set wrapped = null, destroyed_at = coalesce(person_keys.destroyed_at, now())"""

_ANY: Final = "select person, wrapped from person_keys where wrapped is not null limit 1"

Found = Mapping[UUID, bytes | None]
"""Keys by person: None where the key was destroyed, nothing where there never was one."""


class WrongMasterKey(RuntimeError):
    """A stored key does not open: damaged, or wrapped by another master key."""


class KeyVault:
    """Reads and writes the rows. All methods raise Unavailable while PostgreSQL is away."""

    def __init__(self, pool: Pool, master_key: bytes) -> None:
        self._pool = pool
        self._wrapping = AESGCM(subkey(master_key, "agora.wrap"))

    async def verify(self) -> None:
        """Raise SettingError when the vault was made with another master key."""
        with translated():
            async with self._pool.connection() as connection:
                cursor = await connection.execute(_ANY, binary=True)
                rows = await cursor.fetchall()
        try:
            self._unwrapped(rows)
        except WrongMasterKey:
            problem = "is not the key that the stored personal-data keys were wrapped with"
            raise SettingError("crypto.master_key_file", problem, "the settings in force") from None

    async def ensure(self, persons: Iterable[UUID]) -> Found:
        """Every person's key, made and durable now where there was none, in one round trip."""
        # In one order everywhere, or two processes could wait for each other's rows.
        wanted = sorted(set(persons))
        fresh = [self._wrapped(person, AESGCM.generate_key(256)) for person in wanted]
        with translated():
            async with self._pool.connection() as connection:
                cursor = await connection.execute(_ENSURE, (wanted, fresh), binary=True)
                rows = await cursor.fetchall()
        found = self._unwrapped(rows)
        # A key that another process made meanwhile was neither made here nor visible then.
        missed = [person for person in wanted if person not in found]
        return {**found, **await self.load(missed)} if missed else found

    async def load(self, persons: Sequence[UUID]) -> Found:
        """The keys that are there."""
        with translated():
            async with self._pool.connection() as connection:
                cursor = await connection.execute(_LOAD, (list(persons),), binary=True)
                rows = await cursor.fetchall()
        return self._unwrapped(rows)

    async def destroy(self, person: UUID) -> None:
        """Forget the key for good; nothing to do the second time."""
        with translated():
            async with self._pool.connection() as connection:
                await connection.execute(_DESTROY, (person,))

    def _wrapped(self, person: UUID, key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._wrapping.encrypt(nonce, key, person.bytes)

    def _unwrapped(self, rows: Iterable[tuple[UUID, bytes | None]]) -> dict[UUID, bytes | None]:
        return {
            person: None if wrapped is None else self._opened(person, wrapped)
            for person, wrapped in rows
        }

    def _opened(self, person: UUID, wrapped: bytes) -> bytes:
        nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return self._wrapping.decrypt(nonce, sealed, person.bytes)
        except (InvalidTag, ValueError):
            raise WrongMasterKey(f"The stored key of person {person} does not open.") from None
