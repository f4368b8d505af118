"""Decisions about accounts and their sessions.

Whether a name is free was settled in its own shard before (`commands.deciders.names`); here a
name is used with a claim that must still be alive. Whether texts and dates are well-formed was
settled at the edge (`commands.people`): it depends on no state.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, assert_never, get_args
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from commands.submission import Command, Route
from events.accounts import (
    CLAIM_LIFETIME,
    FORMER_HANDLES_MAX,
    HANDLE_KEPT,
    REMEMBERED_ABANDONMENTS,
    Account,
    AccountRegistered,
    HandleChanged,
    ProfileUpdated,
    RegistrationAbandoned,
    Session,
    SessionClosed,
    SessionOpened,
    VisibilityChanged,
    account_stream,
    former_handles,
    recently_abandoned,
    session_stream,
)
from events.event import Event
from events.topics import PEOPLE
from schemas.refusals import Conflict, NotFound, TooMany, Unauthenticated


class ClaimedName(Struct, frozen=True, kw_only=True):
    """A name to use: its text, `name` as its shard knows it, its claim and when it was claimed."""

    text: str
    name: str
    claim_id: UUID
    claimed_at: datetime


class Register(Command, frozen=True, kw_only=True, tag="accounts.register"):
    """Creates the account and opens its first session."""

    account_id: UUID
    session_id: UUID
    email: ClaimedName
    handle: ClaimedName
    first_name: str
    last_name: str
    birth_date: str
    about: str
    private: bool
    device: str
    address: str


class AbandonClaim(Command, frozen=True, kw_only=True, tag="accounts.abandon_claim"):
    """Has the account give up a claim of `name` that it does not use, for good.

    `to_claim_anew` says that the account itself asks, to take the name with another claim: then
    a former handle is no obstacle.
    """

    account_id: UUID
    name: str
    claim_id: UUID
    to_claim_anew: bool = False


class OpenSession(Command, frozen=True, kw_only=True, tag="accounts.open_session"):
    """Signs a device in; the password was verified before."""

    account_id: UUID
    session_id: UUID
    device: str
    address: str


class CloseSession(Command, frozen=True, kw_only=True, tag="accounts.close_session"):
    """Ends a session; `reason` says who wanted it so, such as `signed_out`."""

    account_id: UUID
    session_id: UUID
    reason: str


class UpdateProfile(Command, frozen=True, kw_only=True, tag="accounts.update_profile"):
    """Changes the given fields; `handle` is None where it stays."""

    account_id: UUID
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    birth_date: str | UnsetType = UNSET
    about: str | UnsetType = UNSET
    handle: ClaimedName | None = None


class SetVisibility(Command, frozen=True, kw_only=True, tag="accounts.set_visibility"):
    """Makes the account private or public."""

    account_id: UUID
    private: bool


AccountCommand = (
    Register | AbandonClaim | OpenSession | CloseSession | UpdateProfile | SetVisibility
)


def decide(states: Sequence[Any], command: AccountCommand, at: datetime) -> list[Event]:
    """What the command records; raises a Refusal."""
    match command:
        case Register():
            return _register(states[0], command, at)
        case AbandonClaim():
            return _abandon(states[0], command, at)
        case OpenSession():
            return _open_session(states[0], states[1], command)
        case CloseSession():
            return _close_session(states[0], command)
        case UpdateProfile():
            return _update_profile(states[0], command, at)
        case SetVisibility(account_id=account, private=private):
            _check_registered(states[0])
            if states[0].private == private:
                return []
            return [VisibilityChanged(account_id=account, private=private)]
        case unknown:
            assert_never(unknown)


def _register(account: Account, command: Register, at: datetime) -> list[Event]:
    if account.registered:
        raise Conflict("ALREADY_REGISTERED", "This account is already registered.")
    _check_usable(account, command.email, at)
    _check_usable(account, command.handle, at)
    registered = AccountRegistered(
        account_id=command.account_id,
        email=command.email.text,
        first_name=command.first_name,
        last_name=command.last_name,
        birth_date=command.birth_date,
        handle=command.handle.text,
        about=command.about,
        private=command.private,
        email_hash=command.email.name,
        email_claim=command.email.claim_id,
        handle_hash=command.handle.name,
        handle_claim=command.handle.claim_id,
    )
    return [registered, _opened(command)]


def _check_usable(account: Account, name: ClaimedName, at: datetime) -> None:
    """Refuses a claim that is dead, or so old that its death might be forgotten here."""
    if name.claim_id in _dead_claims(account, at) or at - name.claimed_at > CLAIM_LIFETIME:
        raise Conflict("NAME_CLAIM_SPENT", "The claim to this name was given up; claim it again.")


def _dead_claims(account: Account, at: datetime) -> set[UUID]:
    abandoned = {known.claim_id for known in recently_abandoned(account, at)}
    return abandoned | {known.claim_id for known in former_handles(account, at)}


def _abandon(account: Account, command: AbandonClaim, at: datetime) -> list[Event]:
    held = {account.email_hash, account.handle_hash}
    if not command.to_claim_anew:
        held |= {known.handle_hash for known in former_handles(account, at)}
    if command.name in held:
        raise Conflict("NAME_TAKEN", "The account holds this name.")
    if command.claim_id in _dead_claims(account, at):
        return []
    if len(recently_abandoned(account, at)) >= REMEMBERED_ABANDONMENTS:
        raise TooMany("TOO_MANY_CLAIMS", "This account gave up too many names in two days.")
    return [RegistrationAbandoned(account_id=command.account_id, claim_id=command.claim_id)]


def _open_session(session: Session, account: Account, command: OpenSession) -> list[Event]:
    if not account.registered:
        raise Unauthenticated("SIGN_IN_FAILED", "The login or the password is wrong.")
    return [] if session.opened else [_opened(command)]


def _opened(command: Register | OpenSession) -> SessionOpened:
    return SessionOpened(
        account_id=command.account_id,
        session_id=command.session_id,
        device=command.device,
        address=command.address,
    )


def _close_session(session: Session, command: CloseSession) -> list[Event]:
    if not session.opened:
        raise NotFound("NOT_FOUND", "There is no such session.")
    if session.closed:
        return []
    return [
        SessionClosed(
            account_id=command.account_id, session_id=command.session_id, reason=command.reason
        )
    ]


def _update_profile(account: Account, command: UpdateProfile, at: datetime) -> list[Event]:
    _check_registered(account)
    events: list[Event] = []
    fields = (command.first_name, command.last_name, command.birth_date, command.about)
    if any(field is not UNSET for field in fields):
        events.append(
            ProfileUpdated(
                account_id=command.account_id,
                first_name=command.first_name,
                last_name=command.last_name,
                birth_date=command.birth_date,
                about=command.about,
            )
        )
    if command.handle is not None and command.handle.name != account.handle_hash:
        events.append(_handle_changed(account, command.account_id, command.handle, at))
    return events


def _handle_changed(
    account: Account, account_id: UUID, handle: ClaimedName, at: datetime
) -> HandleChanged:
    _check_usable(account, handle, at)
    if len(former_handles(account, at)) >= FORMER_HANDLES_MAX:
        raise TooMany(
            "HANDLE_CHANGED_TOO_OFTEN",
            f"A handle changes at most {FORMER_HANDLES_MAX} times in {HANDLE_KEPT.days} days.",
        )
    assert account.handle_claim is not None
    return HandleChanged(
        account_id=account_id,
        handle=handle.text,
        handle_hash=handle.name,
        handle_claim=handle.claim_id,
        previous_hash=account.handle_hash,
        previous_claim=account.handle_claim,
    )


def _check_registered(account: Account) -> None:
    if not account.registered:
        raise NotFound("NOT_FOUND", "There is no such account.")


def shard_of(command: AccountCommand) -> str:
    """Everything of a person lives in the person's shard."""
    return str(command.account_id)


def streams_of(command: AccountCommand) -> tuple[str, ...]:
    """The home stream, then what else `decide` needs."""
    account = account_stream(command.account_id)
    match command:
        case Register(account_id=person, session_id=session):
            return account, session_stream(person, session)
        case OpenSession(account_id=person, session_id=session):
            return session_stream(person, session), account
        case CloseSession(account_id=person, session_id=session):
            return (session_stream(person, session),)
        case _:
            return (account,)


ROUTE = Route(PEOPLE, get_args(AccountCommand), shard_of, streams_of, decide)
