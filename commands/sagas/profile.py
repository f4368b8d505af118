"""Changing a profile, with a new handle or without.

A new handle is claimed before the account uses it; the old one is let go by a reaction
(`commands.reactions.accounts`), and others may have it after 30 days.
"""

from msgspec.structs import replace

from commands.deciders.accounts import ClaimedName, UpdateProfile
from commands.sagas.names import Claimant, claimed, freed_if_refused, with_live_claims
from commands.sagas.origin import Origin
from commands.submission import Handled, Submitter


async def update_profile(
    submitter: Submitter, origin: Origin, command: UpdateProfile, handle: str
) -> Handled:
    """Carries `command` out, with a change to `handle` unless that is empty.

    Raises Conflict HANDLE_TAKEN, TooMany HANDLE_CHANGED_TOO_OFTEN, Unavailable if the outcome is
    not known.
    """
    account = command.account_id
    if not handle:
        return await submitter.submit(origin.remembered(command, account))

    async def once(attempt: int) -> Handled:
        claimant = Claimant(submitter, origin, account, attempt)
        claims: list[ClaimedName] = []
        async with freed_if_refused(claimant, claims):
            claims.append(await claimed(claimant, "handle", handle))
            renamed = replace(command, handle=claims[0])
            return await submitter.submit(origin.remembered(renamed, account))

    return await with_live_claims(once)
