"""The people of the tests, and what it takes for them to be there."""

from datetime import UTC, datetime
from uuid import UUID

from events.accounts import AccountRegistered

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)

ANA = UUID("019cec37-8c00-7000-8000-00000000000a")
BEN = UUID("019cec37-8c00-7000-8000-00000000000b")
CLO = UUID("019cec37-8c00-7000-8000-00000000000c")

NAMES = {ANA: "ana", BEN: "ben", CLO: "clo"}


def claim(number: int) -> UUID:
    """A literal claim id."""
    return UUID(int=0xC1A1_0000_0000_7000_8000_0000_0000_0000 + number)


def registered(person: UUID, *, private: bool = False) -> AccountRegistered:
    """The person's account, whose e-mail is claim 1 and whose handle is claim 2."""
    name = NAMES[person]
    return AccountRegistered(
        account_id=person,
        email=f"{name}@example.org",
        first_name=name.title(),
        last_name="Lima",
        birth_date="1990-12-31",
        handle=name,
        about="",
        private=private,
        email_hash=f"email:{name}",
        email_claim=claim(1),
        handle_hash=f"handle:{name}",
        handle_claim=claim(2),
    )
