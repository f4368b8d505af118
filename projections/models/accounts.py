"""Who people are, and where they are signed in.

What they say of themselves, others are shown once the graph model has come as far: whom they
blocked before must not read it, whichever of the two models is ahead.
"""

from collections.abc import Iterator
from typing import assert_never, get_args

from msgspec import UNSET

from events.accounts import (
    AccountEvent,
    AccountRegistered,
    HandleChanged,
    ProfileUpdated,
    RegistrationAbandoned,
    SessionClosed,
    SessionOpened,
    VisibilityChanged,
)
from events.topics import PEOPLE
from projections.model import Model, Moment
from projections.operations import Hint, Operation, Update, Upsert
from projections.tables import Row, Table

VERSION = 2

ACCOUNTS = Table(
    "accounts",
    key=("account_id",),
    columns="""account_id uuid not null, email text not null, email_hash text not null,
        first_name text not null, last_name text not null, birth_date text not null,
        handle text not null, handle_hash text not null, about text not null,
        registered_at timestamptz not null, written_in text not null,
        written_offset bigint not null""",
    indexes=("(email_hash)", "(handle_hash)"),
)

SESSIONS = Table(
    "sessions",
    key=("session_id",),
    columns="""session_id uuid not null, account_id uuid not null, device text not null,
        address text not null, opened_at timestamptz not null, closed_at timestamptz,
        close_reason text""",
    indexes=("(account_id, opened_at desc)",),
)

_REGISTERED_FIELDS = (
    *("account_id", "email", "email_hash", "first_name", "last_name", "birth_date", "handle"),
    *("handle_hash", "about"),
)
_SESSION_FIELDS = ("session_id", "account_id", "device", "address")
_PROFILE_FIELDS = ("first_name", "last_name", "birth_date", "about")


def changes(event: AccountEvent, moment: Moment) -> Iterator[Operation]:
    """How one event changes the rows."""
    key: Row = {"account_id": event.account_id}
    match event:
        case AccountRegistered():
            row: Row = {name: getattr(event, name) for name in _REGISTERED_FIELDS}
            yield Upsert(ACCOUNTS, row | {"registered_at": moment.at} | _written(moment))
        case ProfileUpdated():
            given: Row = {name: getattr(event, name) for name in _PROFILE_FIELDS}
            set_fields = {name: text for name, text in given.items() if text is not UNSET}
            if set_fields:
                yield Update(ACCOUNTS, key, set_fields | _written(moment))
        case HandleChanged(handle=handle, handle_hash=name):
            named: Row = {"handle": handle, "handle_hash": name}
            yield Update(ACCOUNTS, key, named | _written(moment))
        case SessionOpened():
            opened: Row = {name: getattr(event, name) for name in _SESSION_FIELDS}
            still_open: Row = {"opened_at": moment.at, "closed_at": None, "close_reason": None}
            yield Upsert(SESSIONS, opened | still_open)
        case SessionClosed(session_id=session, reason=reason):
            closed: Row = {"closed_at": moment.at, "close_reason": reason}
            yield Update(SESSIONS, {"session_id": session}, closed)
        case RegistrationAbandoned() | VisibilityChanged():
            # Who is private is for the graph model, beside all else that decides who sees whom.
            return
        case unknown:
            assert_never(unknown)


def _written(moment: Moment) -> Row:
    """Where in the log the person said it."""
    return {"written_in": moment.partition, "written_offset": moment.offset}


def hints(event: AccountEvent) -> Iterator[Hint]:
    """What the person's own open pages should know at once."""
    match event:
        case SessionClosed(account_id=account, session_id=session):
            yield Hint("session.closed", account, (session,))
        case _:
            return


MODEL = Model(
    name="accounts",
    version=VERSION,
    topics=(PEOPLE,),
    events=get_args(AccountEvent),
    tables=(ACCOUNTS, SESSIONS),
    changes=changes,
    hints=hints,
    visibility=True,
)
