"""Cursors: where a list continues, readable and writable by this side only."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from infra.crypto.sealed import Seals
from queries.paging import PAGE_SIZE, TOP, Edge, PageRequest
from schemas.refusals import Invalid

Place = TypeVar("Place", bound=Edge)

_PURPOSE: Final = "cursor"
_REASON: Final = "CURSOR_INVALID"


class _Cursor(Struct, frozen=True, array_like=True):
    viewer: UUID
    query: str
    edge: Edge


_decoder = msgspec.msgpack.Decoder(_Cursor)


class Cursors:
    """Seals the last place of a page, for one viewer and one query.

    `query` names the list and whose it is. A cursor of another viewer or of another list is as
    worthless as one that was tampered with.
    """

    def __init__(self, seals: Seals) -> None:
        self._seals = seals

    def seal(self, viewer: UUID, query: str, edge: Edge) -> str:
        """The cursor of the page that comes after `edge`."""
        return self._seals.seal(_PURPOSE, msgspec.msgpack.encode(_Cursor(viewer, query, edge)))

    def open(self, viewer: UUID, query: str, text: str) -> Edge:
        """The place that the next page comes after.

        Raises Invalid CURSOR_INVALID unless this viewer got it for this query.
        """
        try:
            cursor = _decoder.decode(self._seals.open(_PURPOSE, text, _REASON))
        except msgspec.DecodeError as error:
            raise _invalid() from error
        if (cursor.viewer, cursor.query) != (viewer, query):
            raise _invalid()
        return cursor.edge

    async def page(
        self,
        viewer: UUID,
        query: str,
        request: PageRequest,
        places: Callable[[Edge, int], Awaitable[Sequence[Place]]],
        first: Edge = TOP,
    ) -> tuple[Sequence[Place], str]:
        """The page that the request asks for, and the cursor of the next; empty after the last.

        `places(after, limit)` gives at most so many places that come after one. Raises Invalid
        CURSOR_INVALID.
        """
        size = request.page_size or PAGE_SIZE
        after = self.open(viewer, query, request.cursor) if request.cursor else first
        # One more than a page tells whether there is a next one.
        found = await places(after, size + 1)
        page = found[:size]
        return page, self.seal(viewer, query, _edge(page[-1])) if len(found) > size else ""


def _edge(place: Edge) -> Edge:
    """The place alone, without what else its row says."""
    return Edge(id=place.id, since=place.since)


def _invalid() -> Invalid:
    return Invalid(_REASON, "This cursor is not valid for this list; start from the first page.")
