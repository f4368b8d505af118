"""Registering: claim the names, store the password, then record the account.

Every id derives from the request id, so a repeat after a crash at any step carries on with the
same ones. The password is kept before the account is recorded: an account that nobody can sign in
to would hold its names for ever, while a password without an account is nothing. A refusal frees
the claimed names at once; a crash leaves claims that expire and can be challenged.
"""

from typing import Protocol
from uuid import UUID

from msgspec import Struct

from commands.deciders.accounts import ClaimedName, Register
from commands.handles import offered
from commands.sagas.names import Claimant, claimed, freed_if_refused, give_up, with_live_claims
from commands.sagas.origin import Origin
from commands.submission import Handled, Submitter
from events.accounts import AccountRegistered
from schemas.refusals import Conflict


class Vault(Protocol):
    """Where passwords are kept. `infra.auth.credentials` has the real one."""

    async def set(self, account: UUID, password: str) -> None:
        """Keeps a new account's password; raises Conflict if the account has another one."""
        ...

    async def verify(self, account: UUID | None, password: str) -> bool:
        """Whether the password is the account's; takes as long when there is no account."""
        ...


class Newcomer(Struct, frozen=True, kw_only=True):
    """Who wants to register; every field has passed the rules. No handle: one is offered."""

    email: str
    password: str
    first_name: str
    last_name: str
    birth_date: str
    handle: str
    about: str
    private: bool
    device: str
    address: str


class Registered(Struct, frozen=True):
    """The account as recorded, its first session, and the answer that says where."""

    account: AccountRegistered
    session_id: UUID
    handled: Handled


async def register(
    submitter: Submitter, vault: Vault, origin: Origin, newcomer: Newcomer
) -> Registered:
    """Registers, or finds what the same request registered before.

    Raises Conflict EMAIL_TAKEN or HANDLE_TAKEN, Conflict REQUEST_ID_REUSED for another body
    under the same request id, Unavailable if the outcome is not known.
    """

    async def once(attempt: int) -> Registered:
        claimant = Claimant(submitter, origin, origin.derived_id("account"), attempt)
        return await _once(claimant, vault, newcomer)

    return await with_live_claims(once)


async def _once(claimant: Claimant, vault: Vault, newcomer: Newcomer) -> Registered:
    account, origin = claimant.account_id, claimant.origin
    session = origin.derived_id("session", account)
    claims: list[ClaimedName] = []
    async with freed_if_refused(claimant, claims):
        claims.append(await claimed(claimant, "email", newcomer.email))
        claims.append(await _handle(claimant, newcomer))
        await vault.set(account, newcomer.password)
        command = _command(newcomer, account, session, *claims)
        handled = await claimant.submitter.submit(origin.remembered(command, account))
    recorded = next(event for event in handled.events if isinstance(event, AccountRegistered))
    # A repeat may have claimed a handle that was not to be had the first time.
    used = {recorded.email_claim, recorded.handle_claim}
    await give_up(claimant, [claim for claim in claims if claim.claim_id not in used])
    return Registered(recorded, session, handled)


async def _handle(claimant: Claimant, newcomer: Newcomer) -> ClaimedName:
    """The handle asked for, or the first of those offered that is to be had."""
    if newcomer.handle:
        return await claimed(claimant, "handle", newcomer.handle)
    texts = offered(newcomer.first_name, newcomer.last_name, claimant.account_id)
    for text in texts:
        if text == newcomer.password.casefold():
            continue
        try:
            return await claimed(claimant, "handle", text)
        except Conflict as refusal:
            if refusal.reason != "HANDLE_TAKEN":
                raise
    raise Conflict("HANDLE_TAKEN", "Choose a handle.", {"handle": "must be chosen"})


def _command(
    newcomer: Newcomer, account: UUID, session: UUID, email: ClaimedName, handle: ClaimedName
) -> Register:
    return Register(
        account_id=account,
        session_id=session,
        email=email,
        handle=handle,
        first_name=newcomer.first_name,
        last_name=newcomer.last_name,
        birth_date=newcomer.birth_date,
        about=newcomer.about,
        private=newcomer.private,
        device=newcomer.device,
        address=newcomer.address,
    )
