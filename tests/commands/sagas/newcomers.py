"""People who register, and the vault that keeps their passwords."""

from uuid import UUID

from commands.sagas.origin import Origin
from commands.sagas.registration import Newcomer
from infra.crypto.digests import Digests
from schemas.refusals import Conflict

DIGESTS = Digests(bytes(range(32)))
CORRELATION = UUID(int=7)


def request(number: int) -> UUID:
    """A literal request id, drawn at noon (`tests.commands.cast.NOON`)."""
    return UUID(int=0x019CEC37_8C00_7000_8000_0000_0000_0000 + number)


def asking(request_id: UUID, actor: UUID | None = None, body: bytes = b"ana") -> Origin:
    """A call of somebody with this request id, who says `body`."""
    return Origin(
        digests=DIGESTS,
        rpc="accounts.Register",
        request=request_id,
        correlation=CORRELATION,
        actor=actor,
        body=body,
    )


def newcomer(
    email: str = "ana@example.org", handle: str = "ana", password: str = "brass-owl-fog-9"
) -> Newcomer:
    """Ana Lima, or whoever has this address and handle."""
    return Newcomer(
        email=email,
        password=password,
        first_name="Ana",
        last_name="Lima",
        birth_date="1990-12-31",
        handle=handle,
        about="",
        private=False,
        device="Firefox",
        address="192.0.2.1",
    )


class MemoryVault:
    """Implements `commands.sagas.registration.Vault`."""

    def __init__(self) -> None:
        self.passwords: dict[UUID, str] = {}

    async def set(self, account: UUID, password: str) -> None:
        """Keeps it, unless the account has another one."""
        if self.passwords.setdefault(account, password) != password:
            raise Conflict("REQUEST_ID_REUSED", "This request id was used with a different body.")

    async def verify(self, account: UUID | None, password: str) -> bool:
        """Whether it is the account's."""
        return account is not None and self.passwords.get(account) == password
