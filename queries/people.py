"""A person as the read models know them, with their relation to the viewer."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from events.graph import Following


class Person(Struct, frozen=True, kw_only=True):
    """One account, hydrated for one viewer and not yet narrowed to what that viewer may see.

    `own` says that the person is the viewer. `settled` says that whatever the person had decided
    about others, when they last said something of themselves, is known here. `registered_at` is
    None where it is kept from the viewer.
    """

    account_id: UUID
    handle: str
    first_name: str
    last_name: str
    about: str = ""
    private: bool = False
    registered_at: datetime | None = None
    followers: int = 0
    following: int = 0
    own: bool = False
    settled: bool = True
    viewer_follows: Following = Following.NONE
    follows_viewer: Following = Following.NONE
    viewer_blocks: bool = False
    blocks_viewer: bool = False
    viewer_mutes: bool = False


class OwnPerson(Person, frozen=True, kw_only=True):
    """The viewer's own account, with what nobody else sees. `birth_date` is an ISO 8601 date."""

    email: str
    birth_date: str
