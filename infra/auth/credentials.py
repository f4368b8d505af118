"""The credential vault: the hash of each account's password, which no fact ever holds."""

from typing import Final
from uuid import UUID

from infra.auth.passwords import STANDARD, Cost, PasswordHashes
from infra.postgres.pool import Pool, translated
from schemas.refusals import Conflict, TooMany

TABLES: Final = (
    """create table if not exists credentials (
        account_id uuid primary key,
        password_hash text not null)""",
)

_NOBODY: Final = UUID(int=0)

_SET: Final = """
    insert into credentials (account_id, password_hash) values (%s, %s)
    on conflict (account_id) do nothing"""

_READ: Final = "select password_hash from credentials where account_id = %s"

_STRENGTHEN: Final = """
    update credentials set password_hash = %s where account_id = %s and password_hash = %s"""


class Credentials:
    """Sets and verifies passwords in `pool`, whose tables are there (`TABLES`).

    All methods raise Unavailable while PostgreSQL is away, and TooMany PASSWORD_CHECKS_BUSY.
    """

    def __init__(self, pool: Pool, cost: Cost = STANDARD) -> None:
        self._pool = pool
        self._hashes = PasswordHashes(cost)

    def close(self) -> None:
        """Let go of the threads that hash."""
        self._hashes.close()

    async def set(self, account: UUID, password: str) -> None:
        """Give a new account its password; the same again changes nothing.

        Raises Conflict REQUEST_ID_REUSED when it has another: account ids derive from request ids,
        so that is a repeated request with another body, and must not replace the first.
        """
        stored = await self._hashes.hashed(password)
        with translated():
            async with self._pool.connection() as connection:
                cursor = await connection.execute(_SET, (account, stored))
        if cursor.rowcount == 0 and not await self.verify(account, password):
            raise Conflict("REQUEST_ID_REUSED", "This request id was used with a different body.")

    async def verify(self, account: UUID | None, password: str) -> bool:
        """Whether `password` is the account's.

        Takes the same time for a wrong password, an account without one, and None for nobody.
        """
        stored = await self._stored(account or _NOBODY)
        matching = await self._hashes.matches(stored, password)
        if matching and account is not None and stored is not None:
            await self._strengthen(account, stored, password)
        return matching

    async def _stored(self, account: UUID) -> str | None:
        with translated():
            async with self._pool.connection() as connection:
                cursor = await connection.execute(_READ, (account,), binary=True)
                row = await cursor.fetchone()
        return None if row is None else str(row[0])

    async def _strengthen(self, account: UUID, stored: str, password: str) -> None:
        """Replaces a hash that costs too little by today's measure, unless somebody else did."""
        if not self._hashes.is_outdated(stored):
            return
        try:
            stronger = await self._hashes.hashed(password)
        except TooMany:
            # The password is right all the same; the next sign-in tries again.
            return
        with translated():
            async with self._pool.connection() as connection:
                await connection.execute(_STRENGTHEN, (stronger, account, stored))
