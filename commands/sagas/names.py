"""Claiming a name, and giving it up (docs/adr/0010-names-by-claim-and-challenge.md).

A name is claimed in its own shard before an account uses it in another. Whoever finds it claimed
by an account that may have given up asks that account's stream, which decides: it refuses if it
holds the name, else it records that it never will by that claim, and the name passes on.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final, TypeVar
from uuid import UUID

from msgspec import Struct

from commands.deciders.accounts import AbandonClaim, ClaimedName
from commands.deciders.names import ClaimName, ReleaseName
from commands.sagas.origin import Origin
from commands.submission import Submitter
from infra.crypto.digests import NameKind
from schemas.refusals import Conflict, Refusal, TooMany, Unavailable

log = logging.getLogger(__name__)

TRIES: Final = 8
LONG_AGO: Final = datetime.fromtimestamp(0, UTC)

Outcome = TypeVar("Outcome")


class Claimant(Struct, frozen=True):
    """The account that claims names for one request, at its `attempt`.

    Each attempt has claims of its own. A repeated request starts from the first one again, and so
    finds what it claimed before.
    """

    submitter: Submitter
    origin: Origin
    account_id: UUID
    attempt: int = 0

    def claim_id(self, name: str, attempt: int) -> UUID:
        """The claim of `name` that this request makes at an attempt, always the same."""
        return self.origin.derived_id(f"claim/{name}/{attempt}", self.account_id)


async def claimed(claimant: Claimant, kind: NameKind, text: str) -> ClaimedName:
    """The name, held by a claim of this request, or by the one that the account uses already.

    Raises Conflict EMAIL_TAKEN or HANDLE_TAKEN, or Unavailable NAME_CONTENDED if others keep
    coming between.
    """
    name = claimant.origin.digests.name(kind, text)
    attempt, instead_of = claimant.attempt, None
    for _ in range(TRIES):
        claim = claimant.claim_id(name, attempt)
        wanted = ClaimName(
            name=name, claimant_id=claimant.account_id, claim_id=claim, instead_of=instead_of
        )
        try:
            handled = await claimant.submitter.submit(claimant.origin.step(wanted))
        except Conflict as refusal:
            match refusal.reason:
                case "NAME_CLAIM_SPENT":
                    attempt += 1
                case "NAME_CLAIM_EXPIRED":
                    instead_of = UUID(refusal.fields["claim_id"])
                    holder = UUID(refusal.fields["claimant_id"])
                    if not await _challenged(claimant, kind, name, holder, instead_of):
                        return _in_use(text, name, instead_of)
                case _:
                    raise _taken(kind) from refusal
        else:
            return ClaimedName(text=text, name=name, claim_id=claim, claimed_at=handled.at)
    raise _contended()


async def _challenged(
    claimant: Claimant, kind: NameKind, name: str, holder: UUID, claim: UUID
) -> bool:
    """Whether `holder` gave the claim up; False if that is the claimant, who uses the name."""
    own = holder == claimant.account_id
    challenge = AbandonClaim(account_id=holder, name=name, claim_id=claim, to_claim_anew=own)
    try:
        await claimant.submitter.submit(claimant.origin.step(challenge))
    except Conflict as refusal:
        if own:
            return False
        raise _taken(kind) from refusal
    except TooMany as refusal:
        # Who gives up names in numbers keeps this one for now: that is not the caller's fault.
        if own:
            raise
        raise _taken(kind) from refusal
    return True


def _in_use(text: str, name: str, claim: UUID) -> ClaimedName:
    """A name that the account has. Should it leave it meanwhile, this claim is too old to use."""
    return ClaimedName(text=text, name=name, claim_id=claim, claimed_at=LONG_AGO)


def _taken(kind: NameKind) -> Conflict:
    if kind == "email":
        return Conflict("EMAIL_TAKEN", "This e-mail is in use.", {"email": "is in use"})
    return Conflict("HANDLE_TAKEN", "This handle is taken.", {"handle": "is taken"})


def _contended() -> Unavailable:
    return Unavailable("NAME_CONTENDED", "Others want this name right now; try again.")


async def give_up(claimant: Claimant, names: Iterable[ClaimedName]) -> None:
    """Frees claimed names at once, but for those that the account uses or has just left.

    What cannot be freed now stays claimed until somebody challenges it after it has expired.
    """
    for each in names:
        abandon = AbandonClaim(
            account_id=claimant.account_id, name=each.name, claim_id=each.claim_id
        )
        release = ReleaseName(name=each.name, claim_id=each.claim_id)
        try:
            await claimant.submitter.submit(claimant.origin.step(abandon))
            await claimant.submitter.submit(claimant.origin.step(release))
        except Refusal as refusal:
            if refusal.reason != "NAME_TAKEN":
                log.warning("A name claim stays until it is challenged: %s", refusal)


@asynccontextmanager
async def freed_if_refused(claimant: Claimant, names: Iterable[ClaimedName]) -> AsyncIterator[None]:
    """Gives the names up if the body is refused; not if its outcome is unknown."""
    try:
        yield
    except Unavailable:
        raise
    except Refusal:
        await give_up(claimant, names)
        raise


async def with_live_claims(run: Callable[[int], Awaitable[Outcome]]) -> Outcome:
    """What `run` returns, tried with new claims as often as somebody's challenge came between."""
    for attempt in range(TRIES):
        try:
            return await run(attempt)
        except Conflict as refusal:
            if refusal.reason != "NAME_CLAIM_SPENT":
                raise
    raise _contended()
