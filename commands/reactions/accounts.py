"""Releases a handle that an account gave up; others may claim it after 30 days."""

from commands.deciders.names import ReleaseName
from commands.reactions.source import Source
from commands.submission import Submission
from events.accounts import HANDLE_KEPT, HandleChanged

EVENTS = (HandleChanged,)


def react(event: HandleChanged, source: Source) -> list[Submission]:
    """Releases the claim by which the account held its previous handle."""
    release = ReleaseName(
        name=event.previous_hash,
        claim_id=event.previous_claim,
        free_at=source.decision.at + HANDLE_KEPT,
    )
    return [source.submission(release, "reactions.ReleaseName", event.account_id)]
