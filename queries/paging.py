"""Places in lists: where one page ends and the next one begins."""

from datetime import UTC, datetime
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

PAGE_SIZE: Final = 20
"""How many things are on a page when the request does not say."""


class Edge(Struct, frozen=True, kw_only=True):
    """One place in a list: what is there, and since when. Equal times are ordered by id."""

    id: UUID
    since: datetime


TOP: Final = Edge(id=UUID(int=(1 << 128) - 1), since=datetime.max.replace(tzinfo=UTC))
"""The place before the newest one."""

BOTTOM: Final = Edge(id=UUID(int=0), since=datetime.min.replace(tzinfo=UTC))
"""The place before the oldest one."""


class PageRequest(Protocol):
    """What every request for a page says."""

    @property
    def page_size(self) -> int:
        """How many things; 0 for as many as usual."""

    @property
    def cursor(self) -> str:
        """The cursor that led here; empty for the first page."""
