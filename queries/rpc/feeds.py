"""Answers with feeds: the skeleton, one load of all posts on the page, the rules."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from infra.rpc.call import Call
from queries import presentation_posts, visibility, visibility_posts
from queries.cursors import Cursors
from queries.feeds.home import Home, Placed
from queries.feeds.rows import StoredRows
from queries.paging import Edge, PageRequest
from queries.reads import accounts, feeds, posts
from queries.store import Reader, Store
from schemas.gen import feeds_pb2 as pb


class Feeds:
    """agora.feeds.v1.FeedQueries.

    A page takes two round trips to PostgreSQL, one of another's posts three. With `home`, that
    feed is read through its cache.
    """

    def __init__(self, store: Store, cursors: Cursors, home: Home | None = None) -> None:
        self._store = store
        self._cursors = cursors
        self._home = home

    async def ReadHome(self, request: pb.ReadHomeRequest, call: Call) -> pb.Feed:
        """Posts of the people that the viewer follows, and own ones."""
        reader, viewer = self._store.until(call.deadline_s), call.account

        async def places(after: Edge, limit: int) -> Sequence[Edge]:
            if self._home is None:
                return await feeds.home(reader, viewer, after, limit)
            rows = StoredRows(reader, viewer)
            return await self._home.places(rows, viewer, call.position, after, limit)

        return await self._page(reader, viewer, "home", request, places)

    async def ReadExplore(self, request: pb.ReadExploreRequest, call: Call) -> pb.Feed:
        """Public posts of everybody."""
        reader, viewer = self._store.until(call.deadline_s), call.account

        async def places(after: Edge, limit: int) -> list[Edge]:
            return await feeds.explore(reader, viewer, after, limit)

        return await self._page(reader, viewer, "explore", request, places)

    async def ListPostsOf(self, request: pb.ListPostsOfRequest, call: Call) -> pb.Feed:
        """A person's posts; NotFound if hidden, Forbidden if private to the viewer."""
        reader, viewer = self._store.until(call.deadline_s), call.account
        author = UUID(request.account_id)
        if author != viewer:
            visibility.require_lists(await accounts.person(reader, viewer, author))

        async def places(after: Edge, limit: int) -> list[Edge]:
            return await feeds.of_person(reader, viewer, author, after, limit)

        return await self._page(reader, viewer, f"posts:{author}", request, places)

    async def ListBookmarks(self, request: pb.ListBookmarksRequest, call: Call) -> pb.Feed:
        """What the viewer bookmarked and may still see, by when that was."""
        reader, viewer = self._store.until(call.deadline_s), call.account

        async def places(after: Edge, limit: int) -> list[Edge]:
            return await feeds.bookmarks(reader, viewer, after, limit)

        return await self._page(reader, viewer, "bookmarks", request, places)

    async def _page(
        self,
        reader: Reader,
        viewer: UUID,
        query: str,
        request: PageRequest,
        places: Callable[[Edge, int], Awaitable[Sequence[Edge]]],
    ) -> pb.Feed:
        page, following = await self._cursors.page(viewer, query, request, places)
        known = {place.id: place.post for place in page if isinstance(place, Placed)}
        unknown = [edge.id for edge in page if edge.id not in known]
        known |= await posts.posts(reader, viewer, unknown)
        shown = (visibility_posts.seen(known.get(edge.id)) for edge in page)
        return pb.Feed(
            posts=[presentation_posts.post(one) for one in shown if one is not None],
            next_cursor=following,
        )
