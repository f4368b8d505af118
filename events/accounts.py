"""Accounts and their sessions: their events, and the state that deciders need.

Streams, all in the person's shard of `people`: `account-{account}` and
`session-{account}-{session}`. No state holds a personal field; names are known by their keyed
hash (`infra.crypto`), so a state tells nothing about a person.
"""

from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from events.event import Event, Personal
from events.value import Value

REMEMBERED_ABANDONMENTS = 32
CLAIM_LIFETIME = timedelta(hours=24)
"""How old a name claim may be when it is used."""
HANDLE_KEPT = timedelta(days=30)
"""How long a handle stays out of others' reach after its account left it."""
FORMER_HANDLES_MAX = 32


class AccountRegistered(Event, frozen=True, kw_only=True, tag="account.registered"):
    sealed_by = "account_id"
    account_id: UUID
    email: Personal
    first_name: Personal
    last_name: Personal
    birth_date: Personal
    handle: Personal
    about: Personal
    private: bool
    email_hash: str
    email_claim: UUID
    handle_hash: str
    handle_claim: UUID


class RegistrationAbandoned(Event, frozen=True, kw_only=True, tag="registration.abandoned"):
    """The account will never use this name claim: to register, or for a change of handle."""

    account_id: UUID
    claim_id: UUID


class ProfileUpdated(Event, frozen=True, kw_only=True, tag="account.profile_updated"):
    sealed_by = "account_id"
    account_id: UUID
    first_name: Personal | UnsetType = UNSET
    last_name: Personal | UnsetType = UNSET
    birth_date: Personal | UnsetType = UNSET
    about: Personal | UnsetType = UNSET


class HandleChanged(Event, frozen=True, kw_only=True, tag="account.handle_changed"):
    sealed_by = "account_id"
    account_id: UUID
    handle: Personal
    handle_hash: str
    handle_claim: UUID
    previous_hash: str
    previous_claim: UUID


class VisibilityChanged(Event, frozen=True, kw_only=True, tag="account.visibility_changed"):
    account_id: UUID
    private: bool


class SessionOpened(Event, frozen=True, kw_only=True, tag="session.opened"):
    sealed_by = "account_id"
    account_id: UUID
    session_id: UUID
    device: Personal
    address: Personal


class SessionClosed(Event, frozen=True, kw_only=True, tag="session.closed"):
    account_id: UUID
    session_id: UUID
    reason: str


AccountEvent = (
    AccountRegistered
    | RegistrationAbandoned
    | ProfileUpdated
    | HandleChanged
    | VisibilityChanged
    | SessionOpened
    | SessionClosed
)


class AbandonedClaim(Value, frozen=True):
    """A name claim that this account may no longer use."""

    claim_id: UUID
    at: datetime


class FormerHandle(Value, frozen=True):
    """A handle that this account left, with the claim that died with it."""

    handle_hash: str
    claim_id: UUID
    at: datetime


class Account(Value, frozen=True):
    """What deciders know of one person.

    `openings` counts the changes from private to public; a follow request made before the
    latest one counts as accepted (`events.graph.following`). `former` holds the handles
    that the account left and nobody else may have yet (`former_handles`).
    """

    registered: bool = False
    private: bool = False
    openings: int = 0
    email_hash: str = ""
    email_claim: UUID | None = None
    handle_hash: str = ""
    handle_claim: UUID | None = None
    abandoned: tuple[AbandonedClaim, ...] = ()
    former: tuple[FormerHandle, ...] = ()


class Session(Value, frozen=True):
    """One signed-in device of one person."""

    opened: bool = False
    closed: bool = False


def account_stream(account: UUID) -> str:
    """The stream of the account itself."""
    return f"account-{account}"


def session_stream(account: UUID, session: UUID) -> str:
    """The stream of one session, in its account's shard."""
    return f"session-{account}-{session}"


def stream_of(event: AccountEvent) -> str:
    """The stream that records the event."""
    match event:
        case SessionOpened() | SessionClosed():
            return session_stream(event.account_id, event.session_id)
        case _:
            return account_stream(event.account_id)


def evolve_account(state: Account, event: AccountEvent, at: datetime) -> Account:
    """The account after `event`, recorded `at`."""
    match event:
        case AccountRegistered():
            return replace(
                state,
                registered=True,
                private=event.private,
                email_hash=event.email_hash,
                email_claim=event.email_claim,
                handle_hash=event.handle_hash,
                handle_claim=event.handle_claim,
            )
        case RegistrationAbandoned(claim_id=claim):
            abandoned = (*recently_abandoned(state, at), AbandonedClaim(claim, at))
            return replace(state, abandoned=abandoned)
        case HandleChanged(handle_hash=name, handle_claim=claim):
            former = FormerHandle(event.previous_hash, event.previous_claim, at)
            kept = (*former_handles(state, at), former)
            return replace(state, handle_hash=name, handle_claim=claim, former=kept)
        case VisibilityChanged(private=private):
            opened = state.private and not private
            return replace(state, private=private, openings=state.openings + opened)
        case ProfileUpdated() | SessionOpened() | SessionClosed():
            return state
        case unknown:
            assert_never(unknown)


def evolve_session(state: Session, event: AccountEvent, at: datetime) -> Session:
    """The session after `event`."""
    match event:
        case SessionOpened():
            return replace(state, opened=True)
        case SessionClosed():
            return replace(state, closed=True)
        case _:
            return state


def recently_abandoned(account: Account, at: datetime) -> tuple[AbandonedClaim, ...]:
    """The abandoned claims that a late command could still try to use."""
    return tuple(known for known in account.abandoned if at - known.at < 2 * CLAIM_LIFETIME)


def former_handles(account: Account, at: datetime) -> tuple[FormerHandle, ...]:
    """The handles that the account left so lately that it still keeps them."""
    return tuple(known for known in account.former if at - known.at < HANDLE_KEPT)
