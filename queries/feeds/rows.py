"""What PostgreSQL knows about one viewer's home, as the pipeline asks for it."""

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from queries.paging import Edge
from queries.posts import Post
from queries.reads import feeds, timelines
from queries.reads.timelines import Candidate, Lanes
from queries.store import Reader


class HomeRows(Protocol):
    """One viewer's. Each call is one round trip; raises Unavailable."""

    async def page(self, after: Edge, limit: int) -> list[Edge]:
        """At most `limit` posts of the home that come after a place, newest first."""
        ...

    async def page_of(self, authors: Collection[UUID], after: Edge, limit: int) -> list[Edge]:
        """As `page`, of these authors alone."""
        ...

    async def belonging(self, posts: Collection[UUID], limit: int) -> list[Edge]:
        """At most `limit` of these posts that belong in the home, newest first."""
        ...

    async def hydrated(self, posts: Sequence[UUID]) -> tuple[dict[UUID, Post], Lanes]:
        """Those of the posts that exist, and where the lanes were in the same snapshot.

        One more round trip where none of them exists.
        """
        ...

    async def lanes(self) -> Lanes:
        """Where the lanes are."""
        ...

    async def candidates(self, limit: int) -> list[Candidate]:
        """The newest `limit` posts that may belong in the home."""
        ...


class StoredRows:
    """As `HomeRows`, with the deadline of `reader`."""

    def __init__(self, reader: Reader, viewer: UUID) -> None:
        self._reader = reader
        self._viewer = viewer

    async def page(self, after: Edge, limit: int) -> list[Edge]:
        """A page of the home by PostgreSQL alone."""
        return await feeds.home(self._reader, self._viewer, after, limit)

    async def page_of(self, authors: Collection[UUID], after: Edge, limit: int) -> list[Edge]:
        """What some authors contribute to the home."""
        return await feeds.home_of(self._reader, self._viewer, authors, after, limit)

    async def belonging(self, posts: Collection[UUID], limit: int) -> list[Edge]:
        """Which of these posts belong in the home."""
        return await timelines.belonging(self._reader, self._viewer, posts, limit)

    async def hydrated(self, posts: Sequence[UUID]) -> tuple[dict[UUID, Post], Lanes]:
        """The posts as they stand to the viewer, and the lanes."""
        return await timelines.hydrated(self._reader, self._viewer, posts)

    async def lanes(self) -> Lanes:
        """Where the lanes are."""
        return await timelines.lanes(self._reader)

    async def candidates(self, limit: int) -> list[Candidate]:
        """What a timeline of the viewer is made of."""
        return await timelines.candidates(self._reader, self._viewer, limit)
