"""Cursors: where in a list the next page goes on, readable and writable by this side only."""

from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from infra.crypto.sealed import Seals
from queries.people import Edge
from schemas.refusals import Invalid

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


def _invalid() -> Invalid:
    return Invalid(_REASON, "This cursor does not belong here; start from the first page.")
